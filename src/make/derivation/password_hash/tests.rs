//! The vectors that their authors publish.

use super::*;
use crate::make::encode::hex;

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

/// Of jBCrypt, which took them from OpenBSD.
#[test]
fn bcrypt_meets_its_vectors() {
    let alphabet = "abcdefghijklmnopqrstuvwxyz";
    for (password, hash) in [
        ("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."),
        ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
        ("abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"),
        (alphabet, "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC"),
    ] {
        assert_eq!(is_bcrypt(hash, &secret(password)), Some(true), "{password}");
        assert_eq!(is_bcrypt(hash, &secret("b")), Some(false));
        // The prefixes mean the same, but for the one of a mistake.
        assert_eq!(is_bcrypt(&hash.replace("$2a$", "$2y$"), &secret(password)), Some(true));
        assert_eq!(is_bcrypt(&hash.replace("$2a$", "$2x$"), &secret(password)), Some(false));
        assert_eq!(is_bcrypt(&hash.replace("$06$", "$31$"), &secret(password)), None);
    }
}

/// RFC 9106, 5.3. It has a secret and associated data, which the PHC format has not, so only the crate is tested.
#[test]
fn argon2id_meets_rfc_9106() {
    let params = argon2::ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let function =
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    function.hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
    assert_eq!(hex(&tag), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}

/// What the reference implementation's program prints, the first of them in its own tests as well.
#[test]
fn argon2id_is_written_as_the_reference_implementation_does() {
    for (costs, hash) in [
        (
            [65_536, 2, 1],
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ),
        (
            [65_536, 3, 4],
            "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$Zh/vvW8pvLyPRkarwyqdekZFu1wFlTf4pVh/Ma2+zM0",
        ),
    ] {
        assert_eq!(argon2id_of(&secret("password"), costs, b"somesalt", 32), hash);
        assert_eq!(is_argon2id(hash, &secret("password")), Some(true));
    }
}

/// RFC 7914, 12.
#[test]
fn scrypt_meets_rfc_7914() {
    let hash = |password: &str, salt: &str, costs| {
        hex(&scrypt_bytes(password.as_bytes(), costs, salt.as_bytes(), 64))
    };
    assert_eq!(
        hash("", "", [4, 1, 1]),
        "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442\
         fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
    );
    assert_eq!(
        hash("password", "NaCl", [10, 8, 16]),
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162\
         2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
    );
    assert_eq!(
        hash("pleaseletmein", "SodiumChloride", [14, 8, 1]),
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2\
         d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    );
}

/// Drepper, "Unix crypt using SHA-256 and SHA-512", the vectors in its code.
#[test]
fn sha_crypt_meets_its_vectors() {
    let (five, six) = (Variant::Sha256, Variant::Sha512);
    for (variant, password, hash) in [
        (five, "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
        (
            five,
            "Hello world!",
            "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
        ),
        (
            six,
            "Hello world!",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJu\
             esI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        ),
        (
            six,
            "Hello world!",
            "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sb\
             HbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
        ),
    ] {
        assert_eq!(is_sha_crypt(variant, hash, &secret(password)), Some(true), "{hash}");
        assert_eq!(is_sha_crypt(variant, hash, &secret("Hello world")), Some(false));
        let rounds = hash.replacen("salts", "rounds=9999999$salts", 1).replace("rounds=10000$", "");
        assert_eq!(is_sha_crypt(variant, &rounds, &secret(password)), None);
    }
}

#[test]
fn a_hash_that_would_take_minutes_is_not_verified() {
    let password = secret("password");
    for hash in [
        "$argon2id$v=19$m=4294967295,t=3,p=4$c29tZXNhbHQ$Zh/vvW8pvLyPRkarwyqdekZFu1wFlTf4pVh/Ma2+zM0",
        "$argon2id$v=19$m=65536,t=3000,p=4$c29tZXNhbHQ$Zh/vvW8pvLyPRkarwyqdekZFu1wFlTf4pVh/Ma2+zM0",
        "$argon2id$v=19$m=65536,t=0,p=4$c29tZXNhbHQ$Zh/vvW8pvLyPRkarwyqdekZFu1wFlTf4pVh/Ma2+zM0",
        "$argon2id$v=19$m=65536,t=3,p=536870912$c29tZXNhbHQ$Zh/vvW8pvLyPRkarwyqdekZFu1wFlTf4pVh/Ma2+zM0",
    ] {
        assert_eq!(is_argon2id(hash, &password), None, "{hash}");
    }
    for costs in ["ln=24,r=8,p=1", "ln=64,r=8,p=1", "ln=4,r=4294967295,p=1", "ln=4,r=0,p=1"] {
        let hash =
            format!("$scrypt${costs}$c29tZXNhbHQ$Zh/vvW8pvLyPRkarwyqdekZFu1wFlTf4pVh/Ma2+zM0");
        assert_eq!(is_scrypt(&hash, &password), None, "{hash}");
    }
}
