//! Programs that are ended with the test, also when it panics.

use std::process::{Child, Command};

/// A running program.
pub struct Process {
    pub child: Child,
    /// The signal that ends it with all that it has started.
    last_signal: &'static str,
}

impl Process {
    /// Starts a program that `last_signal` ends.
    pub fn start(command: &mut Command, last_signal: &'static str) -> Self {
        let program = command.get_program().to_string_lossy().into_owned();
        let child =
            command.spawn().unwrap_or_else(|error| panic!("{program} does not start ({error}); run make setup"));
        Self { child, last_signal }
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "{name} reaches the process");
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) {
        self.signal("TERM");
        self.child.wait().expect("a process that was started can be waited for");
    }

    /// Ends it and waits until it has.
    pub fn end(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(self.last_signal);
            self.child.wait().expect("a process that was started can be waited for");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}
