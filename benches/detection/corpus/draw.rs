//! What stands for a `‹…›` in a template: drawn from a seed, so that the same seed makes the same bytes.
//!
//! ```text
//! ‹hex 40›  ‹b62 24›  ‹n 10›        characters of an alphabet
//! ‹bytes 32›  ‹url-bytes 32›        bytes in base64, with the alphabet of URLs and without padding
//! ‹uuid›  ‹date›  ‹version›  ‹word› what settings are full of
//! ‹human›  ‹drawn›  ‹phrase›        passwords: made up by a person, by a generator, of words
//! ‹base64 human›  ‹percent drawn›   the draw that follows, encoded
//! ‹token›  ‹key rsa›  ‹public ssh›  a provider's token, a private key, a public one
//! ‹app›  ‹namespace›  ‹host›        the same throughout one turn of a block
//! ‹›                                nothing: it parts what a scanner must not see in the template
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::{keys, tokens};

/// Capital letters.
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Small letters.
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
/// Decimal digits.
const DIGITS: &str = "0123456789";

/// Names of apps that people run at home and at work.
const APPS: &[&str] = &[
    "actual",
    "atuin",
    "authelia",
    "bookstack",
    "calibre",
    "firefly",
    "forgejo",
    "freshrss",
    "gatus",
    "ghost",
    "gotify",
    "grafana",
    "harbor",
    "hedgedoc",
    "homebox",
    "immich",
    "jellyfin",
    "karakeep",
    "keycloak",
    "kimai",
    "linkding",
    "loki",
    "mastodon",
    "matrix",
    "mealie",
    "metabase",
    "miniflux",
    "minio",
    "mosquitto",
    "n8n",
    "navidrome",
    "netbox",
    "nextcloud",
    "ntfy",
    "odoo",
    "outline",
    "paperless",
    "penpot",
    "plausible",
    "prowlarr",
    "radarr",
    "renovate",
    "sonarr",
    "tandoor",
    "umami",
    "unifi",
    "vaultwarden",
    "vikunja",
    "wallabag",
    "woodpecker",
    "zigbee",
    "zitadel",
];

/// Namespaces.
const NAMESPACES: &[&str] =
    &["apps", "auth", "database", "default", "home", "media", "monitoring", "network", "tools"];

/// Words that people make passwords of, and names of everything else.
const WORDS: &[&str] = &[
    "amber", "anchor", "autumn", "badger", "barley", "basket", "beacon", "bicycle", "blanket",
    "bottle", "bronze", "butter", "candle", "canyon", "carpet", "cherry", "cobalt", "copper",
    "cotton", "dragon", "eagle", "falcon", "fender", "forest", "galaxy", "garden", "ginger",
    "glacier", "guitar", "hammer", "harbor", "hazel", "helmet", "island", "jacket", "kettle",
    "lantern", "lemon", "magnet", "maple", "meadow", "mirror", "monkey", "nickel", "orange",
    "pepper", "pirate", "pocket", "purple", "rabbit", "ribbon", "river", "rocket", "saddle",
    "salmon", "silver", "spider", "summer", "sunset", "tiger", "timber", "turtle", "velvet",
    "violin", "walnut", "window", "winter", "yellow", "zebra",
];

/// Draws values one after the other.
pub(crate) struct Draw {
    /// What the next number is made from.
    state: u64,
    /// The number of tokens drawn so far, so that all providers have their turn.
    tokens: usize,
    /// What `‹app›`, `‹namespace›` and `‹host›` stand for.
    names: [String; 3],
    /// The number of names drawn so far.
    apps: usize,
}

impl Draw {
    /// Begins with a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
        Draw { state, tokens: 0, names: Default::default(), apps: 0 }
    }

    /// Other names from here on.
    pub(crate) fn next_names(&mut self) {
        self.apps += 1;
        let app = match self.apps / APPS.len() {
            0 => APPS[self.apps].to_owned(),
            round => format!("{}-{round}", APPS[self.apps % APPS.len()]),
        };
        let host = format!("{app}.{}.home.arpa", self.of(WORDS));
        self.names = [app, self.of(NAMESPACES).to_owned(), host];
    }

    /// A text with all of its draws, and the kind of the first one that says what it is.
    pub(crate) fn fill(&mut self, text: &str) -> (String, Option<String>) {
        let (mut filled, mut kind) = (String::new(), None);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('‹') {
            let (what, after) = after.split_once('›').expect("templates close what they open");
            filled.push_str(before);
            let (value, value_kind) = self.value(what);
            filled.push_str(&value);
            kind = kind.or(value_kind);
            rest = after;
        }
        filled.push_str(rest);
        (filled, kind)
    }

    /// One draw, and what kind of value it is if it is more than a name.
    fn value(&mut self, what: &str) -> (String, Option<String>) {
        let (name, argument) = what.split_once(' ').unwrap_or((what, ""));
        let named = |value: String| (value, Some(what.to_owned()));
        match name {
            "" => (String::new(), None),
            "app" => (self.names[0].clone(), None),
            "APP" => (self.names[0].to_uppercase().replace('-', "_"), None),
            "namespace" => (self.names[1].clone(), None),
            "host" => (self.names[2].clone(), None),
            "word" => (self.of(WORDS).to_owned(), None),
            "version" => (self.version(), None),
            "date" => (
                format!("202{}-{:02}-{:02}", self.below(6), self.below(12) + 1, self.below(28) + 1),
                None,
            ),
            "base64" => self.encoded(argument, |text| STANDARD.encode(text)),
            "percent" => self.encoded(argument, percent_encoded),
            "escaped" => self.encoded(argument, |text| text.replace('\n', "\\n")),
            "token" => {
                self.tokens += 1;
                let (provider, form) = tokens::FORMS[self.tokens % tokens::FORMS.len()];
                (self.fill(form).0, Some(format!("token of {provider}")))
            }
            "key" => named(keys::private(self, argument)),
            "public" => named(keys::public(self, argument)),
            _ => named(self.characters_or_more(name, argument)),
        }
    }

    /// A draw that has a kind of its own.
    fn characters_or_more(&mut self, name: &str, argument: &str) -> String {
        let count = argument.parse().unwrap_or(0);
        match name {
            "hex" => self.characters("0123456789abcdef", count),
            "HEX" => self.characters("0123456789ABCDEF", count),
            "n" => {
                let first = self.characters("123456789", 1);
                first + &self.characters(DIGITS, count - 1)
            }
            "b32" => self.characters(&format!("{UPPER}234567"), count),
            "b36" => self.characters(&format!("{LOWER}{DIGITS}"), count),
            "B36" => self.characters(&format!("{UPPER}{DIGITS}"), count),
            "letters" => self.characters(&format!("{UPPER}{LOWER}"), count),
            "b62" => self.characters(&format!("{UPPER}{LOWER}{DIGITS}"), count),
            "b64u" => self.characters(&format!("{UPPER}{LOWER}{DIGITS}-_"), count),
            "bytes" => STANDARD.encode(self.bytes(count)),
            "url-bytes" => URL_SAFE_NO_PAD.encode(self.bytes(count)),
            "uuid" => self.uuid(),
            "human" => self.human(),
            "phrase" => (0..4).map(|_| self.of(WORDS)).collect::<Vec<_>>().join("-"),
            "drawn" => self.drawn(),
            "crc62" => tokens::with_crc62(self.characters_or_more("b62", argument)),
            "glsa" => tokens::grafana(self.characters_or_more("b62", "32")),
            "jwt" => tokens::jwt(self, argument),
            "enc" => self.encrypted(),
            "age-file" => self.age_file(),
            _ => panic!("no draw is called `{name}`"),
        }
    }

    /// A draw and what it becomes.
    fn encoded(&mut self, what: &str, encode: impl Fn(&str) -> String) -> (String, Option<String>) {
        let (value, kind) = self.value(what);
        (encode(&value), kind)
    }

    /// A value token of SOPS: 32 bytes of nonce and 16 of tag.
    fn encrypted(&mut self) -> String {
        let length = 6 + self.below(30);
        let [data, iv, tag] = [length, 32, 16].map(|count| STANDARD.encode(self.bytes(count)));
        format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]")
    }

    /// A data key wrapped by age, armored.
    fn age_file(&mut self) -> String {
        let body = format!(
            "age-encryption.org/v1\n-> X25519 {}\n{}\n--- {}\n",
            STANDARD.encode(self.bytes(32)).trim_end_matches('='),
            STANDARD.encode(self.bytes(32)).trim_end_matches('='),
            STANDARD.encode(self.bytes(32)).trim_end_matches('='),
        );
        let bytes = [body.into_bytes(), self.bytes(48)].concat();
        keys::pem("AGE ENCRYPTED FILE", &bytes)
    }

    /// A password as people make them up: words with a year, a number or a sign; rarely of words alone.
    fn human(&mut self) -> String {
        let (first, second) = (self.of(WORDS), self.of(WORDS));
        let capital = format!("{}{}", first[..1].to_uppercase(), &first[1..]);
        let year = 1970 + self.below(56);
        let number = 10 + self.below(990);
        let sign = self.characters("!?.$#*", 1);
        match self.below(8) {
            0 => format!("{capital}{year}{sign}"),
            1 => format!("{first}{number}"),
            2 => format!("{first}{second}{}", number % 100),
            3 => format!("{}{sign}{number}", capital.replace('a', "4").replace('e', "3")),
            4 => format!("{capital}{second}{sign}"),
            5 => format!("{first}_{number}_{second}"),
            6 => format!("{first}{second}"),
            _ => format!("{number}{capital}{}", second.replace('o', "0").replace('i', "1")),
        }
    }

    /// A password of a generator.
    fn drawn(&mut self) -> String {
        let length = 18 + self.below(22);
        match self.below(4) {
            0 => self.characters("0123456789abcdef", 32),
            1 => {
                let body = self.characters(&format!("{UPPER}{LOWER}{DIGITS}"), length);
                body + &self.characters("+.!_*", 1)
                    + &self.characters(&format!("{LOWER}{DIGITS}"), 4)
            }
            2 => STANDARD.encode(self.bytes(24)),
            _ => self.characters(&format!("{UPPER}{LOWER}{DIGITS}"), length),
        }
    }

    /// A random UUID, RFC 9562.
    fn uuid(&mut self) -> String {
        let hex = self.characters("0123456789abcdef", 32);
        let variant = self.characters("89ab", 1);
        format!(
            "{}-{}-4{}-{variant}{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..]
        )
    }

    /// A version of three numbers.
    fn version(&mut self) -> String {
        format!("{}.{}.{}", self.below(6), self.below(30), self.below(12))
    }

    /// A number below another one.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // SplitMix64
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as usize % end
    }

    /// One of some texts.
    fn of(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.below(texts.len())]
    }

    /// Bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.below(256) as u8).collect()
    }

    /// Characters of an alphabet.
    pub(crate) fn characters(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..count).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}

/// A text as it stands in a URL.
fn percent_encoded(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}
