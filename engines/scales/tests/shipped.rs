#[test]
fn load() {
    for (f, t) in scales::SHIPPED {
        if let Err(e) = scales::Scale::load(f, t) {
            panic!("{e}")
        }
    }
}
