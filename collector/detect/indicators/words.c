#include "collector/detect/indicators/words.h"

enum { NAME_MAX_SIZE = 64 };

#define NOTHING INDICATOR_TYPES

static const struct {
	struct slice name;
	enum indicator_type type;
} types[] = {
	{{SLICE_BYTES("ip")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("ip-src")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("ip-dst")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("ip-address")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("ipaddress")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("ipv4")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("ipv6")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("ipv4-addr")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("ipv6-addr")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("addr")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("address")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("src-ip")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("dst-ip")}, INDICATOR_ADDRESS},
	{{SLICE_BYTES("cidr")}, INDICATOR_PREFIX},
	{{SLICE_BYTES("netblock")}, INDICATOR_PREFIX},
	{{SLICE_BYTES("subnet")}, INDICATOR_PREFIX},
	{{SLICE_BYTES("prefix")}, INDICATOR_PREFIX},
	{{SLICE_BYTES("ip-port")}, INDICATOR_ENDPOINT},
	{{SLICE_BYTES("ip:port")}, INDICATOR_ENDPOINT},
	{{SLICE_BYTES("domain")}, INDICATOR_DOMAIN},
	{{SLICE_BYTES("domain-name")}, INDICATOR_DOMAIN},
	{{SLICE_BYTES("hostname")}, INDICATOR_DOMAIN},
	{{SLICE_BYTES("host")}, INDICATOR_DOMAIN},
	{{SLICE_BYTES("fqdn")}, INDICATOR_DOMAIN},
	{{SLICE_BYTES("url")}, INDICATOR_URL},
	{{SLICE_BYTES("uri")}, INDICATOR_URL},
	{{SLICE_BYTES("url-path")}, INDICATOR_PATH},
	{{SLICE_BYTES("md5")}, INDICATOR_MD5},
	{{SLICE_BYTES("md5-hash")}, INDICATOR_MD5},
	{{SLICE_BYTES("filehash-md5")}, INDICATOR_MD5},
	{{SLICE_BYTES("sha1")}, INDICATOR_SHA1},
	{{SLICE_BYTES("sha-1")}, INDICATOR_SHA1},
	{{SLICE_BYTES("sha1-hash")}, INDICATOR_SHA1},
	{{SLICE_BYTES("filehash-sha1")}, INDICATOR_SHA1},
	{{SLICE_BYTES("sha256")}, INDICATOR_SHA256},
	{{SLICE_BYTES("sha-256")}, INDICATOR_SHA256},
	{{SLICE_BYTES("sha256-hash")}, INDICATOR_SHA256},
	{{SLICE_BYTES("filehash-sha256")}, INDICATOR_SHA256},
	{{SLICE_BYTES("sha512")}, INDICATOR_SHA512},
	{{SLICE_BYTES("sha-512")}, INDICATOR_SHA512},
	{{SLICE_BYTES("sha512-hash")}, INDICATOR_SHA512},
	{{SLICE_BYTES("filehash-sha512")}, INDICATOR_SHA512},
	{{SLICE_BYTES("hash")}, INDICATOR_ANY},
	{{SLICE_BYTES("imphash")}, INDICATOR_IMPHASH},
	{{SLICE_BYTES("filehash-imphash")}, INDICATOR_IMPHASH},
	{{SLICE_BYTES("ja3")}, INDICATOR_JA3},
	{{SLICE_BYTES("ja3-md5")}, INDICATOR_JA3},
	{{SLICE_BYTES("ja3-fingerprint-md5")}, INDICATOR_JA3},
	{{SLICE_BYTES("ja3s")}, INDICATOR_JA3S},
	{{SLICE_BYTES("ja3s-md5")}, INDICATOR_JA3S},
	{{SLICE_BYTES("email")}, INDICATOR_EMAIL},
	{{SLICE_BYTES("e-mail")}, INDICATOR_EMAIL},
	{{SLICE_BYTES("email-addr")}, INDICATOR_EMAIL},
	{{SLICE_BYTES("email-address")}, INDICATOR_EMAIL},
	{{SLICE_BYTES("email-src")}, INDICATOR_EMAIL},
	{{SLICE_BYTES("email-dst")}, INDICATOR_EMAIL},
	{{SLICE_BYTES("email-reply-to")}, INDICATOR_EMAIL},
	{{SLICE_BYTES("user-agent")}, INDICATOR_USER_AGENT},
	{{SLICE_BYTES("filename")}, NOTHING},
	{{SLICE_BYTES("port")}, NOTHING},
};

static struct slice folded(struct slice name, char *room)
{
	size_t len = name.len < NAME_MAX_SIZE ? name.len : NAME_MAX_SIZE;

	for (size_t i = 0; i < len; i++) {
		char byte = name.ptr[i];

		if (byte >= 'A' && byte <= 'Z')
			byte |= 0x20;
		room[i] = byte == '_' || byte == ' ' || byte == '.' ? '-' : byte;
	}
	return slice_of(room, len);
}

static bool type_by_name(struct slice name, enum indicator_type *type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (slice_eq(name, types[i].name)) {
			*type = types[i].type;
			return true;
		}
	}
	return false;
}

struct indicator_kind indicator_kind_by_name(struct slice name)
{
	struct indicator_kind kind = {NOTHING, NOTHING, false, false};
	char room[NAME_MAX_SIZE];
	struct slice rest = folded(slice_trim(name), room), first;

	(void)slice_cut(&rest, '|', &first);
	kind.is_known = type_by_name(first, &kind.first);
	if (slice_absent(rest))
		return kind;
	kind.compound = true;
	if (slice_eq(rest, SLICE_LIT("port")) && kind.first == INDICATOR_ADDRESS)
		kind.first = INDICATOR_ENDPOINT;
	kind.is_known = kind.is_known && type_by_name(rest, &kind.second);
	return kind;
}

/* ---- classes -------------------------------------------------------------------- */

static const struct {
	struct slice word;
	bool begins; /* longer words too */
	enum attack_class attack;
} words[] = {
	{{SLICE_BYTES("phish")}, true, CLASS_PHISHING},
	{{SLICE_BYTES("scam")}, true, CLASS_PHISHING},
	{{SLICE_BYTES("fraud")}, true, CLASS_PHISHING},
	{{SLICE_BYTES("ransom")}, true, CLASS_RANSOMWARE},
	{{SLICE_BYTES("deface")}, true, CLASS_DEFACE},
	{{SLICE_BYTES("ddos")}, true, CLASS_DOS},
	{{SLICE_BYTES("exfil")}, true, CLASS_DATA_THEFT},
	{{SLICE_BYTES("scan")}, true, CLASS_RECON},
	{{SLICE_BYTES("bruteforce")}, true, CLASS_UNAUTHORIZED_ACCESS},
	{{SLICE_BYTES("brute")}, false, CLASS_UNAUTHORIZED_ACCESS},
	{{SLICE_BYTES("malware")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("trojan")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("botnet")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("backdoor")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("payload")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("stealer")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("infostealer")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("spyware")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("worm")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("virus")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("rootkit")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("keylogger")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("cryptomin")}, true, CLASS_MALWARE},
	{{SLICE_BYTES("rat")}, false, CLASS_MALWARE},
	{{SLICE_BYTES("c2")}, false, CLASS_MALWARE},
	{{SLICE_BYTES("c2c")}, false, CLASS_MALWARE},
	{{SLICE_BYTES("cc")}, false, CLASS_MALWARE},
	{{SLICE_BYTES("apt")}, false, CLASS_MALWARE},
	{{SLICE_BYTES("malicious")}, false, CLASS_OTHER},
};

static bool is_word_byte(char byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

static enum attack_class class_of_word(struct slice word)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct slice known = words[i].word;

		if (word.len < known.len || (!words[i].begins && word.len > known.len))
			continue;
		if (slice_eq_nocase(slice_head(word, known.len), known))
			return words[i].attack;
	}
	return CLASS_NONE;
}

static enum attack_class class_by_name(struct slice text)
{
	for (unsigned i = 1; i < CLASS_COUNT; i++) {
		if (slice_eq_nocase(text, slice_str(attack_class_name((enum attack_class)i))))
			return (enum attack_class)i;
	}
	return CLASS_NONE;
}

/* The first word that says one; "malicious" says least. */
enum attack_class indicator_class_of(struct slice text)
{
	enum attack_class found = class_by_name(text);
	size_t at = 0;

	while (found == CLASS_NONE || found == CLASS_OTHER) {
		enum attack_class one;
		size_t start;

		while (at < text.len && !is_word_byte(text.ptr[at]))
			at++;
		start = at;
		while (at < text.len && is_word_byte(text.ptr[at]))
			at++;
		if (start == at)
			break;
		one = class_of_word(slice_of(text.ptr + start, at - start));
		found = one != CLASS_NONE ? one : found;
	}
	return found;
}

/* ---- confidence ------------------------------------------------------------------ */

int indicator_confidence_of(struct slice text)
{
	/* STIX 2.1 appendix A (none, low, medium, high); MISP's taxonomy of its own
	 * ("misp:confidence-level") */
	static const struct {
		struct slice word;
		int confidence;
	} levels[] = {
		{{SLICE_BYTES("none")}, 0},
		{{SLICE_BYTES("low")}, 15},
		{{SLICE_BYTES("medium")}, 50},
		{{SLICE_BYTES("med")}, 50},
		{{SLICE_BYTES("high")}, 85},
		{{SLICE_BYTES("unconfident")}, 0},
		{{SLICE_BYTES("rarely-confident")}, 25},
		{{SLICE_BYTES("fairly-confident")}, 50},
		{{SLICE_BYTES("usually-confident")}, 75},
		{{SLICE_BYTES("completely-confident")}, 100},
	};
	uint64_t number;

	text = slice_trim(text);
	if (slice_to_u64(text, 100, &number))
		return (int)number;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (slice_eq_nocase(text, levels[i].word))
			return levels[i].confidence;
	}
	return -1;
}
