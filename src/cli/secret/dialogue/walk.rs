//! Questions one after the other, with a way back.

use crate::cli::Failure;
use crate::cli::prompt;

/// Why a question has no answer.
pub(super) enum Halt {
    /// The question before is to be answered once more.
    Back,
    /// There is nothing to go on with.
    Failed(Failure),
}

impl From<prompt::Error> for Halt {
    fn from(error: prompt::Error) -> Halt {
        match error {
            prompt::Error::Back => Halt::Back,
            error => Halt::Failed(error.into()),
        }
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Halt {
        Halt::Failed(failure)
    }
}

/// Steps, and how far they are gone.
pub(super) struct Walk<S> {
    steps: Vec<S>,
    /// The next one.
    at: usize,
    /// Those that have asked something, in the order in which they did.
    asked: Vec<usize>,
}

impl<S: Copy + PartialEq> Walk<S> {
    /// Before the first of some steps.
    pub(super) fn new(steps: Vec<S>) -> Walk<S> {
        Walk { steps, at: 0, asked: Vec::new() }
    }

    /// Goes on to the end; `ask` tells whether it had to ask anything. Who goes back at the first step stays there.
    pub(super) fn go(
        &mut self,
        mut ask: impl FnMut(S) -> Result<bool, Halt>,
    ) -> Result<(), Failure> {
        while let Some(step) = self.steps.get(self.at) {
            match ask(*step) {
                Ok(asked) => {
                    self.asked.extend(asked.then_some(self.at));
                    self.at += 1;
                }
                Err(Halt::Back) => {
                    self.back();
                }
                Err(Halt::Failed(failure)) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Whether a step has asked something.
    pub(super) fn has_asked(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Back to the last step that has asked something; `false` where there is none.
    pub(super) fn back(&mut self) -> bool {
        let before = self.asked.pop();
        self.at = before.unwrap_or(self.at);
        before.is_some()
    }

    /// Back to a step that has asked something; `false` where it has not.
    pub(super) fn back_to(&mut self, step: S) -> bool {
        let before = self.asked.iter().position(|at| self.steps[*at] == step);
        if let Some(before) = before {
            self.at = self.asked[before];
            self.asked.truncate(before);
        }
        before.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps in the order in which they are asked, when they are answered by these.
    fn asked(steps: &[char], answers: &[Result<bool, Halt>]) -> String {
        let mut walk = Walk::new(steps.to_vec());
        let mut answers = answers.iter();
        let mut seen = String::new();
        let answered = walk.go(|step| {
            seen.push(step);
            match answers.next() {
                Some(Ok(asked)) => Ok(*asked),
                Some(Err(Halt::Back)) => Err(Halt::Back),
                _ => Err(Halt::Failed(Failure::interrupted())),
            }
        });
        if answered.is_ok() { seen } else { format!("{seen}!") }
    }

    #[test]
    fn who_goes_back_comes_to_the_last_question_that_was_put() {
        let (yes, no, back) = (|| Ok(true), || Ok(false), || Err(Halt::Back));
        let steps = ['a', 'b', 'c'];
        assert_eq!(asked(&steps, &[yes(), yes(), yes()]), "abc");
        assert_eq!(asked(&steps, &[yes(), no(), back(), yes(), no(), yes()]), "abcabc");
        assert_eq!(asked(&steps, &[back(), yes(), back(), yes(), yes(), yes()]), "aababc");
        assert_eq!(asked(&steps, &[yes()]), "ab!");
    }

    #[test]
    fn after_the_last_step_there_is_a_way_back_too() {
        let mut walk = Walk::new(vec!['a', 'b']);
        assert!(walk.go(|step| Ok(step == 'a')).is_ok());
        assert!(walk.back());
        let mut seen = Vec::new();
        assert!(
            walk.go(|step| {
                seen.push(step);
                Ok(true)
            })
            .is_ok()
        );
        assert_eq!(seen, ['a', 'b']);
        assert!(walk.back() && walk.back() && !walk.back());
        assert!(walk.go(|_| Ok(true)).is_ok());
        assert!(walk.back_to('a') && !walk.back_to('b') && !walk.back());
    }
}
