//! Command lines one by one.

use super::outcome;

#[track_caller]
fn check(table: &str) {
    let wrong: Vec<_> = table
        .lines()
        .filter(|row| !row.is_empty())
        .filter_map(|row| {
            let (line, expected) = row.split_once("=> ").unwrap();
            let line = line.trim();
            let got = outcome(line);
            (got != expected).then(|| format!("{line}\n   expected {expected}\n        got {got}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn encrypt() {
    check(
        r#"
encrypt f.yaml => encrypt file=f.yaml
encrypt -i f.yaml => encrypt file=f.yaml in-place
encrypt f.yaml -i => encrypt file=f.yaml in-place
encrypt --in-place=false f.yaml => encrypt file=f.yaml
encrypt --output g f.yaml => encrypt file=f.yaml output=g
encrypt --output '' f.yaml => encrypt file=f.yaml
encrypt --output= f.yaml => encrypt file=f.yaml
encrypt --output=a=b f.yaml => encrypt file=f.yaml output=a=b
encrypt --output -i f.yaml => encrypt file=f.yaml output=-i
encrypt --output -- f.yaml => encrypt file=f.yaml output=--
encrypt --age age1a,age1b f.yaml => encrypt file=f.yaml age=age1a+age1b
encrypt -a ' age1a , age1b ' f.yaml => encrypt file=f.yaml age=age1a+age1b
encrypt -a age1a -a age1b f.yaml => encrypt file=f.yaml age=age1b
SOPS_AGE_RECIPIENTS=age1a encrypt f.yaml => encrypt file=f.yaml age=age1a
SOPS_AGE_RECIPIENTS=age1a encrypt --age '' f.yaml => encrypt file=f.yaml
SOPS_AGE_RECIPIENTS= encrypt f.yaml => encrypt file=f.yaml
encrypt --encrypted-regex '^data$' f.yaml => encrypt file=f.yaml encrypted-regex=^data$
encrypt --encrypted-comment-regex x f.yaml => 1: flag provided but not defined: -encrypted-comment-regex
encrypt --shamir-secret-sharing-threshold 2 f.yaml => encrypt file=f.yaml threshold=2
encrypt --shamir-secret-sharing-threshold 0 f.yaml => encrypt file=f.yaml
encrypt --input-type json --output-type yaml f => encrypt file=f from=json to=yaml
encrypt --input-type yml f => encrypt file=f !
encrypt --input-type YAML f => encrypt file=f !
encrypt --input-type '' f => encrypt file=f
encrypt => 8: must specify --filename-override when reading from stdin
encrypt -i => 8: cannot use --in-place when reading from stdin
encrypt --filename-override x.yaml => encrypt stdin as=x.yaml
encrypt --filename-override x.yaml --output y => encrypt stdin output=y as=x.yaml
encrypt -i --output g f => 8: cannot operate on both --output and --in-place
encrypt f g => encrypt file=f !
encrypt f --bogus => encrypt file=f ! !
encrypt --bogus f => 1: flag provided but not defined: -bogus
encrypt -ia age1a f => 1: flag provided but not defined: -ia
encrypt -- -f => encrypt file=-f
encrypt -i -- -f => encrypt file=-f in-place
encrypt f -- -i => encrypt file=f ! !
encrypt - => encrypt file=-
encrypt --pgp 85D7 f => 1: `--pgp`, or its environment variable, is about keys other than age's: not supported
encrypt --pgp '' f => encrypt file=f
SOPS_PGP_FP=85D7 encrypt f => 1: `--pgp`, or its environment variable, is about keys other than age's: not supported
SOPS_KMS_ARN=arn encrypt f => 1: `--kms`, or its environment variable, is about keys other than age's: not supported
encrypt --encryption-context a:b f => 1: `--encryption-context`, or its environment variable, is about keys other than age's: not supported
encrypt --add-age age1a f => 1: flag provided but not defined: -add-age
encrypt --keyservice tcp://h:1 f => encrypt file=f !
encrypt --enable-local-keyservice=false f => 1: without the keys of this machine there are none: key services are not supported
encrypt --version => 1: flag provided but not defined: -version
encrypt --verbose f => 1: flag provided but not defined: -verbose
"#,
    );
}

#[test]
fn decrypt() {
    check(
        r#"
decrypt => decrypt stdin
decrypt f => decrypt file=f
decrypt - => decrypt file=-
decrypt '' => decrypt file=
decrypt -i => 8: cannot use --in-place when reading from stdin
decrypt -i f --output g => 8: cannot operate on both --output and --in-place
decrypt -i f --ignore-mac => decrypt file=f in-place ignore-mac
decrypt -i -i f => decrypt file=f in-place
decrypt -i --in-place f => 1: cannot use two forms of the same flag: i in-place
decrypt -i true f => decrypt file=true in-place !
decrypt --extract '["a"][0]' f => decrypt file=f extract=a[0]
decrypt --extract a f => 91: error parsing --extract path: component 1 does not begin with `[`
decrypt --extract '' f => decrypt file=f
decrypt --decryption-order age,pgp f => decrypt file=f order=age+pgp
decrypt --decryption-order nonsense f => decrypt file=f order=nonsense
decrypt --decryption-order age,age f => 112: duplicate decryption key type: age
SOPS_DECRYPTION_ORDER=pgp,pgp decrypt f => 112: duplicate decryption key type: pgp
decrypt --output => 1: flag needs an argument: -output
decrypt f --output => 1: flag needs an argument: -output
decrypt -i=perhaps f => 1: invalid boolean value "perhaps" for -i: parse error
decrypt ---i f => 1: bad flag syntax: ---i
decrypt -=x f => 1: bad flag syntax: -
decrypt -di f => 1: flag provided but not defined: -di
decrypt --age age1a f => 1: flag provided but not defined: -age
decrypt --filename-override x.json => decrypt stdin as=x.json
SOPS_PGP_FP=85D7 decrypt f => decrypt file=f
decrypt -h => help of sops decrypt
decrypt f --help => help of sops decrypt
decrypt --help --bogus => 1: flag provided but not defined: -bogus
decrypt --help=false f => decrypt file=f
"#,
    );
}

#[test]
fn edit_and_rotate() {
    check(
        r#"
edit => 100: no file specified
edit f => edit file=f
edit -s f => edit file=f show-master-keys
edit --age age1a --ignore-mac f => edit file=f age=age1a ignore-mac
edit --kms arn f => edit file=f foreign=kms
SOPS_PGP_FP=85D7 edit f => edit file=f foreign=pgp
edit --in-place f => 1: flag provided but not defined: -in-place
edit --filename-override x f => 1: flag provided but not defined: -filename-override
edit --decryption-order a,a f => 112: duplicate decryption key type: a
edit f g => edit file=f !
rotate => 100: no file specified
rotate f => rotate file=f
rotate -i f => rotate file=f in-place
rotate -i --output g f => 8: cannot operate on both --output and --in-place
rotate --add-age a,b --rm-age c f => rotate file=f add=a+b remove=c
rotate --rm-age '' f => rotate file=f
rotate --ignore-mac f => rotate file=f ignore-mac
rotate --add-kms arn f => 1: `--add-kms`, or its environment variable, is about keys other than age's: not supported
rotate --rm-pgp 85D7 f => 1: `--rm-pgp`, or its environment variable, is about keys other than age's: not supported
rotate --add-kms '' f => rotate file=f
SOPS_PGP_FP=85D7 rotate f => rotate file=f
rotate --age age1a f => 1: flag provided but not defined: -age
"#,
    );
}

#[test]
fn set_and_unset() {
    check(
        r#"
set f '["a"]' '"x"' => set file=f index=a json="x"
set f '["a"]["b"][0]' '{"c": 1}' => set file=f index=a.b[0] json={"c": 1}
set f '["a"]' -5 => set file=f index=a json=-5
set f '["a"]' => 100: no file specified, or index and value are missing; need precisely 3 positional arguments
set f '["a"]' 1 2 => 100: no file specified, or index and value are missing; need precisely 3 positional arguments
set => 100: no file specified, or index and value are missing; need precisely 3 positional arguments
set f --idempotent '["a"]' 1 => set file=f index=a json=1 idempotent
set --value-stdin f '["a"]' => set file=f index=a json-on-stdin
set f '["a"]' --value-stdin => set file=f index=a json-on-stdin
set f --value-stdin '["a"]' => set file=f index=a json-on-stdin
set --value-stdin f '["a"]' 1 => 100: no file specified, or index and value are missing; need precisely 2 positional arguments
set --value-file f '["a"]' v => set file=f index=a json-in=v
set --value-file --value-stdin f '["a"]' => 1: cannot use both --value-file and --value-stdin
set f a 1 => 7: invalid set index format: component 1 does not begin with `[`
set f '' 1 => 7: invalid set index format: the index is empty
set f '[]' 1 => 7: invalid set index format: component 1 is neither a quoted key nor a number from 0
set f '["a' 1 => 7: invalid set index format: component 1 does not end with its quote and `]`
set --input-type json --output-type yaml f '["a"]' 1 => set file=f from=json to=yaml index=a json=1
set --ignore-mac f '["a"]' 1 => set file=f ignore-mac index=a json=1
unset f => 100: no file specified, or index is missing
unset f '["a"]' => unset file=f index=a
unset f '["a"]' x => 100: no file specified, or index is missing
unset --idempotent f '["a"]' => unset file=f index=a idempotent
unset f a => 7: invalid unset index format: component 1 does not begin with `[`
"#,
    );
}

#[test]
fn keys_and_groups() {
    check(
        r#"
updatekeys => 100: no file specified
updatekeys f g h => updatekeys file=f file=g file=h
updatekeys -y f => updatekeys file=f yes
updatekeys f --yes g => updatekeys file=f file=g yes
updatekeys --input-type json f => updatekeys file=f from=json
updatekeys --shamir-secret-sharing-threshold 2 f => 1: flag provided but not defined: -shamir-secret-sharing-threshold
--config c updatekeys f => updatekeys file=f config=c
filestatus => 100: no file specified
filestatus f => filestatus file=f
filestatus f g => filestatus file=f !
filestatus --input-type ini f => filestatus file=f from=ini
groups => help of sops groups
groups --help => help of sops groups
groups help => help of sops groups
groups help add => help of sops groups add
groups h delete => help of sops groups delete
groups add --help => help of sops groups add
groups nonsense => 3: no help topic for 'nonsense'
groups help nonsense => 3: no help topic for 'nonsense'
groups --bogus add => 1: flag provided but not defined: -bogus
groups add => groups-add file=
groups add -f f --age a --age b,c -i => groups-add file=f in-place age=a+b+c
groups add -a a => 1: flag provided but not defined: -a
SOPS_AGE_RECIPIENTS=a groups add -f f => groups-add file=f
groups add --file f --shamir-secret-sharing-threshold 2 => groups-add file=f threshold=2
groups add -f f x => 1: no positional arguments allowed
groups add -f f --pgp x => 1: `--pgp`, or its environment variable, is about keys other than age's: not supported
groups delete => 1: exactly one positional argument (index) required
groups delete -f f 1 => groups-delete file=f group=1
groups delete 1 -f f -i => groups-delete file=f in-place group=1
groups delete -f f x => 1: failed to parse the index of the group: it is no number from 0
groups delete -f f +1 => 1: failed to parse the index of the group: it is no number from 0
groups delete -f f 4294967296 => 1: failed to parse the index of the group: it is no number from 0
groups delete -1 => 1: flag provided but not defined: -1
groups delete -f f 0 1 => 1: exactly one positional argument (index) required
--indent 2 groups add -f f => groups-add file=f indent=2
"#,
    );
}

#[test]
fn exec() {
    check(
        r#"
exec-env f => 1: a file to decrypt and a command, as one word, are needed
exec-env f echo hi => 1: a file to decrypt and a command, as one word, are needed
exec-env f 'echo hi' => exec-env file=f command=echo hi
exec-env f --bogus => exec-env file=f command=--bogus
exec-env f -- --help => exec-env file=f command=--help
exec-env f --help => help of sops exec-env
exec-env --pristine f true => exec-env file=f command=true pristine
exec-env f --pristine true => exec-env file=f command=true pristine
exec-env f true --pristine => exec-env file=f command=true pristine
exec-env --same-process f true => exec-env file=f command=true same-process
exec-env --background f true => exec-env file=f command=true background !
exec-env --same-process --background f true => 8: the --same-process flag cannot be used with --background
exec-env --user nobody f true => exec-env file=f command=true user=nobody
exec-env --input-type json f true => 1: flag provided but not defined: -input-type
exec-file f 'cat {}' => exec-file file=f command=cat {}
exec-file --no-fifo --filename n f 'cat {}' => exec-file file=f command=cat {} no-fifo filename=n
exec-file f --no-fifo 'cat {}' => exec-file file=f command=cat {} no-fifo
exec-file --output-type json f true => exec-file file=f command=true to=json
exec-file f => 1: a file to decrypt and a command, as one word, are needed
"#,
    );
}

#[test]
fn without_a_verb() {
    check(
        r#"
f => edit file=f legacy
- => edit file=- legacy
'' => edit file= legacy
-- f => edit file=f legacy
./edit => edit file=./edit legacy
-s f => edit file=f show-master-keys legacy
--add-age a f => edit file=f changes-keys legacy
--filename-override g.yaml f => edit file=f as=g.yaml legacy
--pgp 85D7 f => edit file=f foreign=pgp legacy
-d f => decrypt file=f
-d -i f => decrypt file=f in-place
-i -d f => decrypt file=f in-place
-d f -i => decrypt file=f ! !
-d -i --output g f => 8: cannot operate on both --output and --in-place
-d --output g f => decrypt file=f output=g
-d --extract '["a"]' f => decrypt file=f extract=a
-d --pgp 85D7 f => decrypt file=f
SOPS_PGP_FP=85D7 -d f => decrypt file=f
-d => 100: no file specified
-di f => 1: flag provided but not defined: -di
-e --age a f => encrypt file=f age=a
-e --encrypted-comment-regex x f => encrypt file=f encrypted-comment-regex=x
-e --unencrypted-comment-regex x f => encrypt file=f unencrypted-comment-regex=x
-e --mac-only-encrypted f => encrypt file=f mac-only-encrypted
-e --kms arn f => 1: `--kms`, or its environment variable, is about keys other than age's: not supported
-e --filename-override g f => encrypt file=f as=g
-r f => rotate file=f legacy
-r -i --add-age a --rm-age b f => rotate file=f in-place add=a remove=b legacy
-r --kms arn f => rotate file=f legacy
-r --add-kms arn f => 1: `--add-kms`, or its environment variable, is about keys other than age's: not supported
-r --ignore-mac f => rotate file=f ignore-mac legacy
--set '["a"] "x"' f => set file=f index=a json="x" legacy
--set '["a"][0] {"b": 1}' f => set file=f index=a[0] json={"b": 1} legacy
--set '["a"]   1' f => set file=f index=a json=  1 legacy
--set '["a"]"x"' f => 7: invalid --set format: it is an index, a space and JSON
--set 'a] 1' f => 7: invalid set index format: component 1 does not begin with `[`
--set '' f => edit file=f legacy
--set '["a"] 1' --output g f => set file=f index=a json=1 legacy
-e -d f => decrypt file=f !
-d -e f => decrypt file=f !
-d -r f => rotate file=f legacy !
-e --set '["a"] 1' f => set file=f index=a json=1 legacy !
-d=false f => edit file=f legacy
-i --in-place f => 1: cannot use two forms of the same flag: i in-place
=> 100: no file specified
--yes f => 1: flag provided but not defined: -yes
"#,
    );
}

#[test]
fn before_a_verb() {
    check(
        r#"
--config c --indent 2 --mac-only-encrypted --verbose decrypt f => decrypt file=f config=c indent=2 mac-only-encrypted verbose
SOPS_CONFIG=c decrypt f => decrypt file=f config=c
SOPS_CONFIG=c --config '' decrypt f => decrypt file=f
--indent=0x2 decrypt f => decrypt file=f indent=2
--indent 010 decrypt f => decrypt file=f indent=8
--indent 1_0 decrypt f => decrypt file=f indent=10
--indent 0b11 decrypt f => decrypt file=f indent=3
--indent=-1 decrypt f => decrypt file=f indent=-1
--indent x decrypt f => 1: invalid value "x" for flag -indent: parse error
--indent _1 decrypt f => 1: invalid value "_1" for flag -indent: parse error
--indent +-1 decrypt f => 1: invalid value "+-1" for flag -indent: parse error
--indent 09 decrypt f => 1: invalid value "09" for flag -indent: parse error
-- decrypt f => decrypt file=f
--encrypted-comment-regex x encrypt f => encrypt file=f !
--age a encrypt f => encrypt file=f !
-d encrypt f => encrypt file=f !
--ignore-mac --output x decrypt f => decrypt file=f ! !
SOPS_AGE_RECIPIENTS=a decrypt f => decrypt file=f
--check-for-updates decrypt f => decrypt file=f
--disable-version-check decrypt f => decrypt file=f
--enable-local-keyservice=false decrypt f => decrypt file=f !
SOPS_ENABLE_LOCAL_KEYSERVICE=false decrypt f => 128: without the keys of this machine there are none: key services are not supported
SOPS_ENABLE_LOCAL_KEYSERVICE=false filestatus f => filestatus file=f
SOPS_ENABLE_LOCAL_KEYSERVICE=perhaps filestatus f => 1: could not parse perhaps as bool value for flag enable-local-keyservice: it comes from `SOPS_ENABLE_LOCAL_KEYSERVICE`
SOPS_DISABLE_VERSION_CHECK=perhaps decrypt f => 1: could not parse perhaps as bool value for flag disable-version-check: it comes from `SOPS_DISABLE_VERSION_CHECK`
SOPS_KEYSERVICE=tcp://h:1 decrypt f => decrypt file=f !
--bogus decrypt f => 1: flag provided but not defined: -bogus
"#,
    );
}

#[test]
fn answers() {
    check(
        r#"
--help => help of sops
-h => help of sops
-help => help of sops
-h=true => help of sops
help => help of sops
h => help of sops
help encrypt => help of sops encrypt
h decrypt => help of sops decrypt
help encrypt decrypt => help of sops encrypt
help groups => help of sops groups
help help => help of sops
help --help => help of sops
help nonsense => 3: no help topic for 'nonsense'
help --bogus => 1: flag provided but not defined: -bogus
help publish => help of sops publish
--help --bogus => 1: flag provided but not defined: -bogus
--help=false => 100: no file specified
-v -h => help of sops
-v => version bare=false
--version => version bare=false
--version encrypt => version bare=false
--version --disable-version-check => version bare=true
SOPS_DISABLE_VERSION_CHECK=1 --version => version bare=true
SOPS_DISABLE_VERSION_CHECK=1 --version --check-for-updates => version bare=false
--check-for-updates --version => version bare=false
--version --bogus => 1: flag provided but not defined: -bogus
completion => help of sops completion
completion bash => completion Bash
completion bash extra => completion Bash
completion zsh => completion Zsh
completion fish => 3: no help topic for 'fish'
completion bash --help => help of sops completion bash
publish => refused publish
publish f --yes => refused publish
publish --help => help of sops publish
keyservice => refused keyservice
keyservice --network unix => refused keyservice
groups --generate-bash-completion => 2 candidates
--bogus --generate-bash-completion => 0 candidates
"#,
    );
}
