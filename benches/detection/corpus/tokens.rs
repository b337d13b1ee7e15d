//! What the tokens of providers look like, as their documentation, their announcements to secret scanners, or the code
//! that makes them say. Written without looking at the table of the rule that is measured: a mistake there must not be
//! repeated here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::draw::Draw;

/// Providers and forms. A provider with several kinds of tokens has a line for each.
pub(crate) const FORMS: &[(&str, &str)] = &[
    ("GitHub", "ghp_‹crc62 30›"),
    ("GitHub apps", "ghs_‹crc62 30›"),
    ("GitHub, fine-grained", "github_pat_11‹B36 20›_‹b62 59›"),
    ("GitLab", "glpat-‹b64u 20›"),
    ("GitLab runners", "glrt-‹b64u 20›"),
    ("GitLab deploy tokens", "gldt-‹b64u 20›"),
    ("Bitbucket", "ATBB‹b62 24›‹HEX 8›"),
    ("Atlassian", "ATATT3xFfGF0‹b64u 171›=‹HEX 8›"),
    ("npm", "npm_‹crc62 30›"),
    ("PyPI", "pypi-AgEIcHlwaS5vcmcCJ‹b64u 140›"),
    ("RubyGems", "rubygems_‹hex 48›"),
    ("crates.io", "cio‹b62 32›"),
    ("NuGet", "oy2‹b36 43›"),
    ("Docker Hub", "dckr_pat_‹b64u 27›"),
    ("Artifactory", "AKCp8‹b62 68›"),
    ("SonarQube", "squ_‹hex 40›"),
    ("Sourcegraph", "sgp_‹hex 16›_‹hex 40›"),
    ("Buildkite", "bkua_‹hex 40›"),
    ("CircleCI", "CCIPAT_‹b62 22›_‹hex 40›"),
    ("Postman", "PMAK-‹hex 24›-‹hex 34›"),
    ("AWS", "AKIA‹b32 16›"),
    ("AWS, temporary", "ASIA‹b32 16›"),
    ("Google Cloud", "AIza‹b64u 35›"),
    ("Google OAuth", "GOCSPX-‹b64u 28›"),
    ("Azure Storage", "DefaultEndpointsProtocol=https;AccountName=‹word›;AccountKey=‹bytes 64›"),
    ("Alibaba Cloud", "LTAI5t‹b62 18›"),
    ("DigitalOcean", "dop_v1_‹hex 64›"),
    ("Heroku", "HRKU-AA‹b64u 58›"),
    ("Fly.io", "fm2_‹bytes 150›"),
    ("Netlify", "nfp_‹b62 36›"),
    ("Render", "rnd_‹b62 28›"),
    ("Tailscale", "tskey-auth-k‹b62 11›CNTRL-‹b62 32›"),
    ("Tailscale API", "tskey-api-k‹b62 11›CNTRL-‹b62 33›"),
    ("NetBird", "nbp_‹crc62 30›"),
    ("HashiCorp Vault", "hvs.CAESI‹b64u 90›"),
    ("HCP Terraform", "‹b62 14›.atlasv1.‹b62 67›"),
    ("Pulumi", "pul-‹hex 40›"),
    ("Doppler", "dp.pt.‹b62 43›"),
    ("Doppler services", "dp.st.prd.‹b62 43›"),
    ("1Password", "ops_eyJ‹url-bytes 420›"),
    ("Databricks", "dapi‹hex 32›"),
    ("OpenShift", "sha256~‹b64u 43›"),
    ("PlanetScale", "pscale_pw_‹b64u 43›"),
    ("Supabase", "sbp_‹hex 40›"),
    ("Neon", "napi_‹b36 64›"),
    ("Airtable", "pat‹b62 14›.‹hex 64›"),
    ("OpenAI", "sk-proj-‹b64u 74›T3BlbkFJ‹b64u 74›"),
    ("OpenAI services", "sk-svcacct-‹b64u 74›T3BlbkFJ‹b64u 74›"),
    ("Anthropic", "sk-ant-api03-‹b64u 93›AA"),
    ("OpenRouter", "sk-or-v1-‹hex 64›"),
    ("Hugging Face", "hf_‹letters 34›"),
    ("Replicate", "r8_‹b62 37›"),
    ("Groq", "gsk_‹b62 52›"),
    ("Perplexity", "pplx-‹b62 48›"),
    ("xAI", "xai-‹b62 80›"),
    ("NVIDIA", "nvapi-‹b64u 64›"),
    ("Langfuse", "sk-lf-‹uuid›"),
    ("LangSmith", "lsv2_pt_‹hex 32›_‹hex 10›"),
    ("Grafana", "‹glsa›"),
    ("Grafana Cloud", "glc_eyJ‹bytes 120›"),
    ("Sentry", "sntryu_‹hex 64›"),
    ("New Relic", "NRAK-‹B36 27›"),
    ("Dynatrace", "dt0c01.‹b32 24›.‹b32 64›"),
    ("PostHog", "phx_‹b62 43›"),
    ("LaunchDarkly", "sdk-‹uuid›"),
    ("Slack", "xoxb-‹n 12›-‹n 13›-‹b62 24›"),
    ("Slack users", "xoxp-‹n 12›-‹n 12›-‹n 13›-‹hex 32›"),
    ("Slack apps", "xapp-1-A‹B36 10›-‹n 13›-‹hex 64›"),
    ("Slack webhooks", "https://hooks.slack.com/services/T‹B36 10›/B‹B36 10›/‹b62 24›"),
    ("Discord", "‹base64 n 18›.G‹b62 5›.‹b64u 38›"),
    ("Discord webhooks", "https://discord.com/api/webhooks/‹n 19›/‹b64u 68›"),
    ("Telegram", "‹n 10›:AA‹b64u 33›"),
    ("SendGrid", "SG.‹b64u 22›.‹b64u 43›"),
    ("Twilio", "SK‹hex 32›"),
    ("Mailgun", "key-‹hex 32›"),
    ("Mailchimp", "‹hex 32›-us‹n 2›"),
    ("Brevo", "xkeysib-‹hex 64›-‹b62 16›"),
    ("Linear", "lin_api_‹b62 40›"),
    ("Notion", "ntn_‹n 11›‹b62 35›"),
    ("Figma", "figd_‹b64u 40›"),
    ("HubSpot", "pat-na1-‹uuid›"),
    ("Contentful", "CFPAT-‹b64u 43›"),
    ("Typeform", "tfp_‹b62 44›_‹b62 14›"),
    ("Shopify", "shpat_‹hex 32›"),
    ("Stripe", "sk_live_51‹b62 97›"),
    ("Stripe, restricted", "rk_live_51‹b62 97›"),
    ("Stripe webhooks", "whsec_‹b62 32›"),
    ("Square", "EAAA‹b64u 60›"),
    ("Square applications", "sq0csp-‹b64u 43›"),
    ("Braintree", "access_token$production$‹b36 16›$‹hex 32›"),
    ("Shippo", "shippo_live_‹hex 40›"),
    ("Mapbox", "sk.eyJ‹b62 80›.‹b64u 22›"),
];

/// A body with its CRC-32 behind it, in 6 digits of base 62, as GitHub and npm have it.
pub(crate) fn with_crc62(body: String) -> String {
    let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let crc = crc32(body.as_bytes());
    let digit = |place| char::from(alphabet[(crc / 62_u32.pow(place) % 62) as usize]);
    body + &(0..6).rev().map(digit).collect::<String>()
}

/// A token of Grafana: the CRC-32 of prefix and body in hex, its lowest byte first.
pub(crate) fn grafana(body: String) -> String {
    let token = format!("glsa_{body}");
    let crc: String =
        crc32(token.as_bytes()).to_le_bytes().map(|byte| format!("{byte:02x}")).concat();
    format!("{token}_{crc}")
}

/// A JSON Web Token for a subject.
pub(crate) fn jwt(draw: &mut Draw, subject: &str) -> String {
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let claims = format!(
        r#"{{"iss":"{}","sub":"{subject}","exp":2082758400}}"#,
        draw.characters("0123456789abcdef", 32)
    );
    let [header, claims] = [header, &claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(draw.bytes(32)))
}

/// CRC-32 of IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}
