//! A PostgreSQL server of our own: in a temporary folder, on a free port, fast instead of durable, gone afterwards.
use crate::host::{answers, output};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for the server to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the server as long as the process `$1` lives, then stops it and removes its folder. A `Drop` alone would leave the
/// server behind when the test command is killed. While the file `away` is there the server is down, as after a crash.
const KEEPER: &str = r#"
parent=$1; folder=$2; shift 2
begin() { "$@" >>"$folder/log" 2>&1 & server=$!; }
begin "$@"
trap 'kill -INT $server 2>/dev/null' INT TERM
while [ -d "/proc/$parent" ] && [ ! -e "$folder/stop" ]; do
  if [ -e "$folder/away" ]; then
    kill -QUIT $server 2>/dev/null; wait $server
    while [ -d "/proc/$parent" ] && [ -e "$folder/away" ] && [ ! -e "$folder/stop" ]; do sleep 0.1; done
    begin "$@"
  fi
  kill -0 $server 2>/dev/null || break
  sleep 0.2
done
kill -INT $server 2>/dev/null
wait $server
rm -rf "$folder/data"
"#;

/// A running server, stopped when dropped.
pub struct Server {
    url: String,
    own: Option<Own>,
}

struct Own {
    folder: PathBuf,
    keeper: Child,
}

/// Who runs the server: PostgreSQL refuses to run as root.
#[derive(Clone, Copy)]
struct Person {
    uid: u32,
    gid: u32,
}

impl Server {
    /// A server somebody else started.
    pub fn foreign(url: String) -> Server {
        Server { url, own: None }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file that takes the server away while it is there; none for a server of somebody else.
    pub fn switch(&self) -> Option<PathBuf> {
        self.own.as_ref().map(|o| o.folder.join("away"))
    }

    /// Makes a cluster and starts it. `programs` is the folder of `initdb` and `postgres`. `durable`: every commit waits
    /// for the disk, as in service; tests need not.
    pub fn start(programs: &Path, durable: bool) -> Result<Server, String> {
        let folder = std::env::temp_dir().join(format!("yinian-pg-{}", std::process::id()));
        let person = person()?;
        prepare(&folder, person).map_err(|e| format!("{}: {e}", folder.display()))?;
        let data = folder.join("data");
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        if !answers(as_person(&mut initdb, person, &folder)) {
            let _ = std::fs::remove_dir_all(&folder);
            return Err("initdb failed".into());
        }
        let port = free_port().map_err(|e| format!("no free port: {e}"))?;
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper", &std::process::id().to_string()]).arg(&folder);
        keeper.arg(programs.join("postgres")).arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in settings(&folder, durable) {
            keeper.arg("-c").arg(setting);
        }
        keeper.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let keeper = as_person(&mut keeper, person, &folder).spawn().map_err(|e| format!("cannot run sh: {e}"))?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let mut server = Server { url, own: Some(Own { folder, keeper }) };
        server.wait()?;
        Ok(server)
    }

    /// The server writes its state into its lock file.
    fn wait(&mut self) -> Result<(), String> {
        let Some(own) = &mut self.own else { return Ok(()) };
        let started = Instant::now();
        let state = own.folder.join("data/postmaster.pid");
        while !std::fs::read_to_string(&state).is_ok_and(|s| s.lines().any(|l| l.trim() == "ready")) {
            let gone = own.keeper.try_wait().is_ok_and(|status| status.is_some());
            if gone || started.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(own.folder.join("log")).unwrap_or_default();
                let last = log.lines().last().unwrap_or("it does not answer").to_string();
                return Err(format!("the server did not start: {last}"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(own) = &mut self.own {
            let asked = std::fs::write(own.folder.join("stop"), "").is_ok();
            if !asked {
                let _ = own.keeper.kill();
            }
            let _ = own.keeper.wait();
            let _ = std::fs::remove_dir_all(&own.folder);
        }
    }
}

/// Many connections (each test has its own pool).
fn settings(folder: &Path, durable: bool) -> Vec<String> {
    let mut all = vec![
        "listen_addresses=127.0.0.1".into(),
        format!("unix_socket_directories={}", folder.display()),
        "max_connections=400".into(),
        "shared_buffers=128MB".into(),
        "max_locks_per_transaction=256".into(),
    ];
    if !durable {
        all.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(String::from));
    }
    all
}

fn person() -> Result<Person, String> {
    let id = |arguments: &[&str]| output(Command::new("id").args(arguments)).and_then(|n| n.parse::<u32>().ok());
    match id(&["-u"]) {
        Some(0) => {
            let of_postgres = id(&["-u", "postgres"]).zip(id(&["-g", "postgres"]));
            of_postgres.map(|(uid, gid)| Person { uid, gid }).ok_or_else(|| "there is no user postgres".into())
        }
        own => own
            .zip(id(&["-g"]))
            .map(|(uid, gid)| Person { uid, gid })
            .ok_or_else(|| "the program `id` is missing".into()),
    }
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).as_deref() == Some("0")
}

fn as_person<'c>(command: &'c mut Command, person: Person, folder: &Path) -> &'c mut Command {
    command.current_dir(folder);
    if is_root() {
        command.uid(person.uid).gid(person.gid);
    }
    command
}

fn prepare(folder: &Path, person: Person) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    if is_root() {
        chown(folder, Some(person.uid), Some(person.gid))?;
    }
    Ok(())
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_server_answers_and_leaves_nothing_behind() {
        let Some(programs) = super::super::needs::find_postgres() else {
            println!("SKIPPED engine PostgreSQL: it is not installed");
            return;
        };
        let server = Server::start(&programs, false).expect("it starts");
        let psql = programs.join("psql");
        let mut ask = Command::new(psql);
        assert_eq!(output(ask.args([server.url(), "-Atc", "SHOW fsync"])).as_deref(), Some("off"));
        let folder = server.own.as_ref().expect("it is ours").folder.clone();
        let address = server.url().split(['@', '/']).nth(3).expect("host and port").to_string();
        assert!(folder.exists() && TcpStream::connect(&address).is_ok());
        let switch = server.switch().expect("it is ours");
        let comes = |there: bool| {
            (0..200).any(|_| {
                std::thread::sleep(Duration::from_millis(100));
                TcpStream::connect(&address).is_ok() == there
            })
        };
        std::fs::write(&switch, "").expect("away");
        assert!(comes(false), "it goes away");
        std::fs::remove_file(&switch).expect("back");
        assert!(comes(true), "and comes back");
        drop(server);
        assert!(!folder.exists() && TcpStream::connect(&address).is_err());
    }
}
