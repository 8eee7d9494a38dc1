#include "collector/normalize/families/device.h"

#include "collector/normalize/text/stamp.h"
#include "common/clock.h"

const struct meaning tellings[] = {
#define TELLING(id, ...) [TELLS_##id] = {__VA_ARGS__},
#include "collector/normalize/families/device_tellings.def"
#undef TELLING
};

void put_device(
	struct record *record, struct parse_context *context, const struct device *device)
{
	put(record, context, FIELD_OBSERVER_VENDOR, device->vendor);
	put(record, context, FIELD_OBSERVER_PRODUCT, device->product);
	put(record, context, FIELD_OBSERVER_TYPE, device->type);
}

void put_telling(struct record *record, struct parse_context *context, enum telling telling)
{
	struct meaning meaning = tellings[telling];

	if (!slice_absent(record_get(record, FIELD_EVENT_ACTION)))
		meaning.action = SLICE_NONE;
	if (!slice_absent(record_get(record, FIELD_EVENT_OUTCOME)))
		meaning.outcome = SLICE_NONE;
	put_meaning(record, context, &meaning);
}

/* ---- attacks ---------------------------------------------------------------------------- */

static enum severity stopped_severity(enum severity severity)
{
	return severity >= SEVERITY_HIGH ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

static enum severity open_severity(enum severity severity)
{
	if (severity == SEVERITY_NONE)
		return SEVERITY_LOW;
	return severity > SEVERITY_HIGH ? SEVERITY_HIGH : severity;
}

void put_attack(struct record *record, struct parse_context *context, enum attack_class attack,
	enum severity severity, bool stopped)
{
	severity = stopped ? stopped_severity(severity) : open_severity(severity);
	put(record, context, FIELD_EVENT_KIND, SLICE_LIT("alert"));
	put(record, context, FIELD_SOC_ATTACK_CLASS, slice_str(attack_class_name(attack)));
	put(record, context, FIELD_SOC_ATTACK_SEVERITY, slice_str(severity_name(severity)));
}

enum severity severity_of_word(struct slice word)
{
	static const struct {
		struct slice word;
		enum severity severity;
	} words[] = {
		{{SLICE_BYTES("emergency")}, SEVERITY_CRITICAL},
		{{SLICE_BYTES("critical")}, SEVERITY_CRITICAL},
		{{SLICE_BYTES("crit")}, SEVERITY_CRITICAL},
		{{SLICE_BYTES("very-high")}, SEVERITY_CRITICAL},
		{{SLICE_BYTES("alert")}, SEVERITY_HIGH},
		{{SLICE_BYTES("high")}, SEVERITY_HIGH},
		{{SLICE_BYTES("major")}, SEVERITY_HIGH},
		{{SLICE_BYTES("error")}, SEVERITY_MEDIUM},
		{{SLICE_BYTES("medium")}, SEVERITY_MEDIUM},
		{{SLICE_BYTES("moderate")}, SEVERITY_MEDIUM},
		{{SLICE_BYTES("warning")}, SEVERITY_MEDIUM},
		{{SLICE_BYTES("minor")}, SEVERITY_LOW},
		{{SLICE_BYTES("low")}, SEVERITY_LOW},
		{{SLICE_BYTES("very low")}, SEVERITY_LOW},
		{{SLICE_BYTES("notice")}, SEVERITY_LOW},
		{{SLICE_BYTES("info")}, SEVERITY_LOW},
		{{SLICE_BYTES("information")}, SEVERITY_LOW},
		{{SLICE_BYTES("informational")}, SEVERITY_LOW},
		{{SLICE_BYTES("debug")}, SEVERITY_LOW},
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_eq_nocase(words[i].word, word))
			return words[i].severity;
	}
	return SEVERITY_MEDIUM;
}

/* The first in the list that begins a word of the name decides: what is in the name of a worm
 * that scans is a worm. */
static const struct {
	struct slice word;
	enum attack_class attack;
} attack_words[] = {
	{{SLICE_BYTES("ransom")}, CLASS_RANSOMWARE},
	{{SLICE_BYTES("phish")}, CLASS_PHISHING},
	{{SLICE_BYTES("botnet")}, CLASS_MALWARE},
	{{SLICE_BYTES("bot")}, CLASS_MALWARE},
	{{SLICE_BYTES("backdoor")}, CLASS_MALWARE},
	{{SLICE_BYTES("trojan")}, CLASS_MALWARE},
	{{SLICE_BYTES("malware")}, CLASS_MALWARE},
	{{SLICE_BYTES("malicious")}, CLASS_MALWARE},
	{{SLICE_BYTES("virus")}, CLASS_MALWARE},
	{{SLICE_BYTES("worm")}, CLASS_MALWARE},
	{{SLICE_BYTES("spyware")}, CLASS_MALWARE},
	{{SLICE_BYTES("webshell")}, CLASS_MALWARE},
	{{SLICE_BYTES("rootkit")}, CLASS_MALWARE},
	{{SLICE_BYTES("keylogger")}, CLASS_MALWARE},
	{{SLICE_BYTES("cryptominer")}, CLASS_MALWARE},
	{{SLICE_BYTES("coinminer")}, CLASS_MALWARE},
	{{SLICE_BYTES("miner")}, CLASS_MALWARE},
	{{SLICE_BYTES("c2")}, CLASS_MALWARE},
	{{SLICE_BYTES("cnc")}, CLASS_MALWARE},
	{{SLICE_BYTES("command-and-control")}, CLASS_MALWARE},
	{{SLICE_BYTES("rat")}, CLASS_MALWARE},
	{{SLICE_BYTES("ddos")}, CLASS_DOS},
	{{SLICE_BYTES("dos")}, CLASS_DOS},
	{{SLICE_BYTES("denial")}, CLASS_DOS},
	{{SLICE_BYTES("flood")}, CLASS_DOS},
	{{SLICE_BYTES("smurf")}, CLASS_DOS},
	{{SLICE_BYTES("teardrop")}, CLASS_DOS},
	{{SLICE_BYTES("winnuke")}, CLASS_DOS},
	{{SLICE_BYTES("scan")}, CLASS_RECON},
	{{SLICE_BYTES("scanner")}, CLASS_RECON},
	{{SLICE_BYTES("scanning")}, CLASS_RECON},
	{{SLICE_BYTES("portscan")}, CLASS_RECON},
	{{SLICE_BYTES("sweep")}, CLASS_RECON},
	{{SLICE_BYTES("probe")}, CLASS_RECON},
	{{SLICE_BYTES("recon")}, CLASS_RECON},
	{{SLICE_BYTES("reconnaissance")}, CLASS_RECON},
	{{SLICE_BYTES("exfiltration")}, CLASS_DATA_THEFT},
	{{SLICE_BYTES("defacement")}, CLASS_DEFACE},
};

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

static bool is_word_byte(char byte)
{
	byte = lower(byte);
	return is_digit(byte) || (byte >= 'a' && byte <= 'z') || byte == '-';
}

/* Of words of one or two letters more only those count that stand alone: a robot is no bot. */
static bool word_fits(struct slice word, struct slice wanted)
{
	enum { WHOLE_WORD_MAX = 4 };

	if (word.len < wanted.len || lower(word.ptr[0]) != wanted.ptr[0] ||
		(wanted.len <= WHOLE_WORD_MAX && word.len != wanted.len))
		return false;
	return slice_eq_nocase(slice_head(word, wanted.len), wanted);
}

static size_t rank_of(struct slice word, size_t best)
{
	for (size_t i = 0; i < best; i++) {
		if (word_fits(word, attack_words[i].word))
			return i;
	}
	return best;
}

enum attack_class attack_of_name(struct slice name, enum attack_class otherwise)
{
	enum { NAME_READ_MAX = 256 };
	size_t best = ARRAY_LEN(attack_words), at = 0;

	if (slice_absent(name))
		return otherwise;
	name = slice_head(name, name.len < NAME_READ_MAX ? name.len : NAME_READ_MAX);
	while (at < name.len) {
		size_t start = at;

		while (at < name.len && is_word_byte(name.ptr[at]))
			at++;
		best = rank_of(slice_of(name.ptr + start, at - start), best);
		at += at < name.len || at == start;
	}
	return best < ARRAY_LEN(attack_words) ? attack_words[best].attack : otherwise;
}

/* ---- values ----------------------------------------------------------------------------- */

void put_lower(struct record *record, struct parse_context *context, enum field_id id,
	struct slice text)
{
	size_t at = 0;

	while (at < text.len && lower(text.ptr[at]) == text.ptr[at])
		at++;
	if (at < text.len) {
		text = arena_copy(context->arena, text);
		if (slice_absent(text)) {
			context->full = true;
			return;
		}
		char *bytes = (char *)(uintptr_t)text.ptr;
		for (; at < text.len; at++)
			bytes[at] = lower(bytes[at]);
	}
	put_some(record, context, id, text);
}

void put_date(struct record *record, struct parse_context *context, enum field_id id,
	struct slice text)
{
	char date[CLOCK_TEXT_MAX];
	int64_t ns;

	if (slice_absent(text) ||
		(!take_stamp_iso(&text, context, &ns) && !stamp_from_epoch(text, &ns)))
		return;
	struct slice copy =
		arena_copy(context->arena, slice_str(clock_format_utc(ns, 3, date)));
	context->full = context->full || slice_absent(copy);
	put(record, context, id, copy);
}

void put_url_host(struct record *record, struct parse_context *context, struct slice host)
{
	if (slice_absent(record_get(record, FIELD_URL_DOMAIN)))
		put_some(record, context, FIELD_URL_DOMAIN, host);
}

/* "0:01:02" and "1h02m03s" alike: each number counts sixty of the next, days 24 hours. */
static bool seconds_of(struct slice text, uint64_t *seconds)
{
	enum { PARTS_MAX = 5, PART_MAX = 10000000, SKIPPED_MAX = 16 };
	uint64_t total = 0, part, factor = 0;
	unsigned skipped = 0;
	struct slice digits;

	for (unsigned n = 0; text.len > 0; n++) {
		if (n == PARTS_MAX || !take_digits(&text, &digits) ||
			!slice_to_u64(digits, PART_MAX, &part))
			return false;
		total = total * factor + part;
		factor = text.len > 0 && text.ptr[0] == 'd' ? 24 : 60;
		while (text.len > 0 && !is_digit(text.ptr[0]) && skipped < SKIPPED_MAX) {
			text = slice_from(text, 1);
			skipped++;
		}
	}
	*seconds = total;
	return true;
}

/* The digits behind the point, as nanoseconds. */
static uint64_t fraction_of(struct slice text)
{
	enum { DIGITS = 9 };
	uint64_t ns = 0;

	for (size_t i = 0; i < DIGITS; i++) {
		bool digit = i < text.len && is_digit(text.ptr[i]);

		ns = ns * 10 + (digit ? (uint64_t)(text.ptr[i] - '0') : 0);
	}
	return ns;
}

void put_seconds(struct record *record, struct parse_context *context, struct slice text)
{
	size_t dot = slice_find(text, '.');
	struct slice whole = slice_head(text, dot);
	uint64_t seconds, ns = 0;

	if (dot < text.len)
		ns = fraction_of(slice_from(text, dot + 1));
	if (whole.len > 0 && seconds_of(whole, &seconds) && seconds < 1000000000)
		put_number(record, context, FIELD_EVENT_DURATION, seconds * 1000000000 + ns);
}

static void put_total(struct record *record, struct parse_context *context, enum field_id id,
	enum field_id source, enum field_id destination)
{
	struct slice sent = record_get(record, source), got = record_get(record, destination);
	uint64_t a, b;

	if (slice_absent(record_get(record, id)) && slice_to_u64(sent, INT64_MAX / 2, &a) &&
		slice_to_u64(got, INT64_MAX / 2, &b))
		put_number(record, context, id, a + b);
}

static void drop_void(struct record *record, enum field_id ip, enum field_id port)
{
	struct slice address = record_get(record, ip);

	if (slice_eq(address, SLICE_LIT("0.0.0.0")) || slice_eq(address, SLICE_LIT("::"))) {
		take_out(record, ip);
		take_out(record, port);
	} else if (slice_eq(record_get(record, port), SLICE_LIT("0"))) {
		take_out(record, port);
	}
}

void put_totals(struct record *record, struct parse_context *context)
{
	drop_void(record, FIELD_SOURCE_NAT_IP, FIELD_SOURCE_NAT_PORT);
	drop_void(record, FIELD_DESTINATION_NAT_IP, FIELD_DESTINATION_NAT_PORT);
	put_total(record, context, FIELD_NETWORK_BYTES, FIELD_SOURCE_BYTES,
		FIELD_DESTINATION_BYTES);
	put_total(record, context, FIELD_NETWORK_PACKETS, FIELD_SOURCE_PACKETS,
		FIELD_DESTINATION_PACKETS);
}

/* "12" means "1.2", "1" alone "1.0". */
static struct slice dotted_version(struct parse_context *context, struct slice digits)
{
	char text[3] = "1.0";

	if (!all_digits(digits) || digits.len > 2 || digits.ptr[0] != '1')
		return digits;
	text[2] = digits.len == 2 ? digits.ptr[1] : '0';
	struct slice copy = arena_copy(context->arena, slice_of(text, sizeof(text)));
	context->full = context->full || slice_absent(copy);
	return copy;
}

void put_tls_version(struct record *record, struct parse_context *context, struct slice text)
{
	static const struct {
		struct slice name, protocol;
	} protocols[] = {
		{{SLICE_BYTES("TLS")}, {SLICE_BYTES("tls")}},
		{{SLICE_BYTES("SSL")}, {SLICE_BYTES("ssl")}},
		{{SLICE_BYTES("DTLS")}, {SLICE_BYTES("dtls")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		struct slice version = text;

		if (!skip_text(&version, protocols[i].name))
			continue;
		(void)(skip_byte(&version, 'v') || skip_byte(&version, ' '));
		if (version.len == 0 || !is_digit(version.ptr[0]))
			continue;
		put(record, context, FIELD_TLS_VERSION, dotted_version(context, version));
		put(record, context, FIELD_TLS_VERSION_PROTOCOL, protocols[i].protocol);
		return;
	}
	put_some(record, context, FIELD_TLS_VERSION, text);
}

void put_direction(struct record *record, struct parse_context *context, struct slice word)
{
	static const struct {
		struct slice word, ecs;
	} words[] = {
		{{SLICE_BYTES("inbound")}, {SLICE_BYTES("inbound")}},
		{{SLICE_BYTES("incoming")}, {SLICE_BYTES("inbound")}},
		{{SLICE_BYTES("in")}, {SLICE_BYTES("inbound")}},
		{{SLICE_BYTES("outbound")}, {SLICE_BYTES("outbound")}},
		{{SLICE_BYTES("outgoing")}, {SLICE_BYTES("outbound")}},
		{{SLICE_BYTES("out")}, {SLICE_BYTES("outbound")}},
		{{SLICE_BYTES("internal")}, {SLICE_BYTES("internal")}},
		{{SLICE_BYTES("external")}, {SLICE_BYTES("external")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_eq_nocase(words[i].word, word))
			put(record, context, FIELD_NETWORK_DIRECTION, words[i].ecs);
	}
}
