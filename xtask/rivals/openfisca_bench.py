"""The three purse packs in OpenFisca-core, for `cargo xtask bench policy`: the same people, the same rules, one month.

Reads the people the Rust bench wrote (the day, then birth date and hukou, one line each), determines everyone twice,
plain and with tracing (OpenFisca's nearest thing to reasons), and prints one JSON line. `eligible` must be the figure
the Rust engine printed for the same packs.
"""
import json
import resource
import sys
import time

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.periods import ETERNITY, MONTH
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

Person = build_entity(key="person", plural="persons", label="", is_person=True)
Household = build_entity(
    key="household", plural="households", label="", roles=[{"key": "member", "plural": "members", "label": ""}]
)

with open(sys.argv[1], encoding="utf-8") as lines:
    YEAR, MON, MDAY = (int(x) for x in next(lines).split("-"))
    PEOPLE = [line.rstrip("\n").split(",") for line in lines]


class birth_year(Variable):
    value_type = int
    entity = Person
    definition_period = ETERNITY


class birth_month(Variable):
    value_type = int
    entity = Person
    definition_period = ETERNITY


class birth_day(Variable):
    value_type = int
    entity = Person
    definition_period = ETERNITY


class rural(Variable):
    value_type = bool
    entity = Person
    definition_period = ETERNITY


class local(Variable):
    value_type = bool
    entity = Person
    definition_period = ETERNITY


class alive(Variable):
    value_type = bool
    entity = Person
    definition_period = ETERNITY


class age(Variable):
    value_type = int
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        month, day = person("birth_month", period), person("birth_day", period)
        leap = YEAR % 4 == 0 and (YEAR % 100 != 0 or YEAR % 400 == 0)
        # Born on 29 February: 28 February in common years.
        if not leap:
            day = numpy.where((month == 2) & (day == 29), 28, day)
        reached = (month < MON) | ((month == MON) & (day <= MDAY))
        return YEAR - person("birth_year", period) - numpy.where(reached, 0, 1)


class age_from_75(Variable):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        years = person("age", period)
        return (years >= 75) & (years < 80)


class age_from_80(Variable):
    value_type = bool
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        return person("age", period) >= 80


class rural_75_79(Variable):
    value_type = float
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        ok = person("rural", period) & person("local", period) & person("age_from_75", period) & person("alive", period)
        return numpy.where(ok, 100.0, 0.0)


class rural_80(Variable):
    value_type = float
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        ok = person("rural", period) & person("local", period) & person("age_from_80", period) & person("alive", period)
        return numpy.where(ok, 120.0, 0.0)


class urban(Variable):
    value_type = float
    entity = Person
    definition_period = MONTH

    def formula(person, period):
        old = person("age", period) >= 75
        ok = ~person("rural", period) & person("local", period) & old & person("alive", period)
        return numpy.where(ok, 100.0, 0.0)


VARIABLES = [
    birth_year, birth_month, birth_day, rural, local, alive, age, age_from_75, age_from_80, rural_75_79, rural_80, urban,
]
PACKS = ["rural_75_79", "rural_80", "urban"]


def main():
    parts = numpy.array([[int(x) for x in birth.split("-")] for birth, _ in PEOPLE])
    system = TaxBenefitSystem([Person, Household])
    system.add_variables(*VARIABLES)
    out = {"bench": "P5 OpenFisca-core", "people": len(PEOPLE), "packs": len(PACKS)}
    for name, trace in (("plain", False), ("traced", True)):
        simulation = SimulationBuilder().build_default_simulation(system, count=len(PEOPLE))
        simulation.trace = trace
        simulation.set_input("birth_year", ETERNITY, parts[:, 0])
        simulation.set_input("birth_month", ETERNITY, parts[:, 1])
        simulation.set_input("birth_day", ETERNITY, parts[:, 2])
        simulation.set_input("rural", ETERNITY, numpy.array([hukou == "rural" for _, hukou in PEOPLE]))
        simulation.set_input("local", ETERNITY, numpy.ones(len(PEOPLE), dtype=bool))
        simulation.set_input("alive", ETERNITY, numpy.ones(len(PEOPLE), dtype=bool))
        started = time.perf_counter()
        eligible = sum(int((simulation.calculate(pack, f"{YEAR}-{MON:02}") > 0).sum()) for pack in PACKS)
        seconds = time.perf_counter() - started
        out["eligible"] = eligible
        out[f"{name}_seconds"] = seconds
        out[f"{name}_determinations_per_second"] = round(len(PEOPLE) * len(PACKS) / seconds)
    out["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(out))


main()
