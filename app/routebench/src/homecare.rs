use crate::Args;

pub fn run(_args: &Args) -> Result<(), String> {
    Err("homecare: not measured yet".into())
}
