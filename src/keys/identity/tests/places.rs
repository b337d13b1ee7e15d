//! The order in which places are read and things are tried.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{ARMORED, IDENTITY, RECIPIENT, data_key, stranger};
use crate::keys::ask::tests::Answers;
use crate::keys::{Identities, Recipient};

/// How often something happened.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn up(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A place with this content that counts how often it is read.
fn add_place(identities: &mut Identities, content: &str) -> Count {
    let (content, reads) = (content.to_owned(), Count::default());
    let count = reads.clone();
    identities.add_place(move |pool| {
        count.up();
        pool.add(content.as_bytes(), "place");
    });
    reads
}

#[test]
fn a_place_is_read_once_and_only_if_those_before_do_not_help() {
    let (other, other_recipient) = stranger();
    let mut identities = Identities::new();
    let first = add_place(&mut identities, IDENTITY);
    let second = add_place(&mut identities, &other);
    assert_eq!((first.get(), second.get()), (0, 0));

    let wrapped = other_recipient.wrap(&[2; 32]).unwrap();
    for _ in 0..2 {
        assert_eq!(identities.unwrap(&[(RECIPIENT, ARMORED)]).unwrap().expose(), data_key());
    }
    assert_eq!((first.get(), second.get()), (1, 0));
    for _ in 0..2 {
        let unwrapped = identities.unwrap(&[(other_recipient.text(), &wrapped)]).unwrap();
        assert_eq!(unwrapped.expose(), [2; 32]);
    }
    assert_eq!((first.get(), second.get()), (1, 1));
    assert_eq!(identities.recipients(), [RECIPIENT, other_recipient.text()]);
}

#[test]
fn a_lookup_is_asked_for_each_recipient_once_until_one_helps() {
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = asked.clone();
    let mut identities = Identities::new();
    identities.add_lookup(move |recipient, pool| {
        log.lock().unwrap().push(recipient.to_owned());
        if recipient == RECIPIENT {
            pool.add(IDENTITY.as_bytes(), "command");
        }
    });
    let copies = [("age1other", "damaged"), (RECIPIENT, ARMORED), ("age1third", "damaged")];
    for _ in 0..2 {
        assert_eq!(identities.unwrap(&copies).unwrap().expose(), data_key());
    }
    assert_eq!(*asked.lock().unwrap(), ["age1other", RECIPIENT]);
    assert_eq!(identities.recipients(), [RECIPIENT]);
}

#[test]
fn threads_share_what_one_of_them_read() {
    let mut identities = Identities::new();
    let reads = add_place(&mut identities, IDENTITY);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(identities.unwrap(&[(RECIPIENT, ARMORED)]).is_ok()));
        }
    });
    assert_eq!(reads.get(), 1);
}

#[test]
fn problems_are_told_once_and_only_where_nothing_helped() {
    let ask = Arc::new(Answers::none());
    let mut identities = Identities::asking(ask.clone());
    add_place(&mut identities, &format!("prose\n{IDENTITY}\n"));
    identities.add_place(|pool| pool.unreadable("SOPS_AGE_KEY_FILE", "/none: no such file"));
    identities.add_place(|pool| pool.absent("~/.ssh/id_rsa"));
    assert!(identities.unwrap(&[(RECIPIENT, ARMORED)]).is_ok());
    assert_eq!(ask.warned(), [""; 0]);
    assert_eq!(identities.problems().len(), 1);

    for _ in 0..2 {
        assert!(identities.unwrap(&[("age1other", "damaged")]).is_err());
    }
    let told = ["place:1: not an age identity", "SOPS_AGE_KEY_FILE: /none: no such file"];
    assert_eq!(ask.warned(), told);
    assert_eq!(identities.absent(), ["~/.ssh/id_rsa"]);
}

#[test]
fn nobody_is_asked_while_a_ready_identity_helps() {
    let ask = Arc::new(Answers::passphrase("TEST ONLY passphrase"));
    let mut identities = Identities::asking(ask.clone());
    identities.add(b"age-encryption.org/v1\n-> scrypt AAAA 18\nBBBB\n--- CCCC\n", "locked.age");
    identities.add(IDENTITY.as_bytes(), "keys.txt");
    // Not even where the file names somebody else.
    assert!(identities.unwrap(&[("age1other", ARMORED)]).is_ok());
    assert_eq!(ask.asked(), [""; 0]);
}

#[test]
fn a_file_that_stays_closed_is_named_in_the_failure() {
    let content = b"age-encryption.org/v1\n-> scrypt AAAA 18\nBBBB\n--- CCCC\n";
    let mut identities = Identities::new();
    identities.add(content, "locked.age");
    let error = identities.unwrap(&[(RECIPIENT, ARMORED)]).err().unwrap();
    let told = "no identity matches, and locked.age:1: not an intact age file";
    assert!(error.to_string().ends_with(told), "{error}");
}

#[test]
fn a_plugin_that_is_not_installed_is_named() {
    let mut identities = Identities::new();
    identities.add(b"AGE-PLUGIN-TRIAL-1W0ZUHN", "keys.txt");
    let error = identities.unwrap(&[("age1trial1034qxz", ARMORED)]).err().unwrap();
    assert_eq!(
        error.to_string(),
        "no identity unwraps the data key: age1trial1034qxz: no identity matches, and the program \
         `age-plugin-trial` is not on PATH"
    );
    let recipient = Recipient::parse("age1trial1034qxz").ok().unwrap();
    assert_eq!(
        recipient.wrap(&[7; 32]).err().unwrap().to_string(),
        "`age1trial1034qxz` needs the program `age-plugin-trial`, which is not on PATH"
    );
}
