#include "collector/derive/spread.h"

#include <stdio.h>

#include "collector/derive/findings.h"
#include "common/clock.h"
#include "common/netaddr.h"

enum {
	KEY_MAX = 1024,
	FIELDS_MAX_BYTES = 4096,
	VALUE_MAX = 512,
	HASH_LEN_MIN = 32, /* hexadecimal digits of MD5; SHA-512 has 128 */
	HASH_LEN_MAX = 128,
};

/* What is the same; a number of its own for the allowance, below those of Sigma rules. */
enum spread_kind { SPREAD_RULE = 100, SPREAD_ADDRESS, SPREAD_FILE };

static const struct slice names[] = {
	[SPREAD_RULE] = {SLICE_BYTES("spread-of-rule")},
	[SPREAD_ADDRESS] = {SLICE_BYTES("spread-of-address")},
	[SPREAD_FILE] = {SLICE_BYTES("spread-of-file")},
};

/* The same private address is another machine in each agency. */
static bool is_public_address(struct slice text)
{
	struct netaddr address;

	return netaddr_parse(text, &address) && netaddr_scope(&address) == NETADDR_GLOBAL;
}

static bool is_hash(struct slice text)
{
	if (text.len < HASH_LEN_MIN || text.len > HASH_LEN_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const char byte = (char)(text.ptr[i] | 0x20);

		if (!(byte >= '0' && byte <= '9') && !(byte >= 'a' && byte <= 'f'))
			return false;
	}
	return true;
}

static struct slice key_of(
	struct strbuf *key, enum spread_kind kind, struct slice what, uint32_t agency)
{
	strbuf_reset(key);
	strbuf_addf(key, "%d %u ", (int)kind, agency);
	strbuf_add(key, what);
	return strbuf_slice(key);
}

/* How many agencies had it within the hour; 0 when this one had it already. */
static unsigned count(struct concluding *concluding, const struct matched *matched,
	enum spread_kind kind, struct slice what, int64_t at_ns)
{
	const struct columns *columns = matched->columns;
	struct strbuf key = STRBUF_INIT(KEY_MAX);
	struct pace *here = paces_touch(concluding->paces, columns->agency, KIND_SPREAD,
		key_of(&key, kind, what, columns->agency), columns->received_ns);
	unsigned n = 0;

	if (!concluding_is_in_hour_of(here->fired_ns, at_ns)) {
		here->fired_ns = at_ns;
		/* Valid no more: the next touch moves it. */
		struct pace *all = paces_touch(concluding->paces, 0, KIND_SPREAD,
			key_of(&key, kind, what, 0), columns->received_ns);
		n = pace_count(all, at_ns, CONCLUDING_HOUR_MS * CLOCK_NS_PER_MS) + 1;
		pace_add(all, 1);
		all->events++;
		if (n < concluding->settings->spread_agencies ||
			concluding_is_in_hour_of(all->fired_ns, at_ns))
			n = 0;
		else
			all->fired_ns = at_ns;
	}
	strbuf_done(&key);
	return n;
}

static bool tell(struct concluding *concluding, const struct matched *matched,
	const struct finding *of, enum spread_kind kind, struct slice what, unsigned n,
	struct err *err)
{
	struct strbuf fields = STRBUF_INIT(FIELDS_MAX_BYTES);
	char agencies[32];

	snprintf(agencies, sizeof(agencies), "agencies=%u", n);
	findings_put_field(&fields, FIELD_RULE_ID, names[kind]);
	findings_put_field(&fields, FIELD_SOC_GROUP, what);
	findings_put_field(&fields, FIELD_SOC_VALUES, slice_str(agencies));
	if (kind == SPREAD_ADDRESS)
		findings_put_field(&fields, FIELD_SOURCE_IP, what);
	const struct finding finding = {
		.rule_number = kind,
		.at_ns = of->at_ns,
		.since_ns = of->at_ns - CONCLUDING_HOUR_MS * CLOCK_NS_PER_MS,
		.events = n,
		.rule = names[kind],
		.subject = kind == SPREAD_ADDRESS ? what : SLICE_LIT(""),
		.attack = of->attack,
		.severity = of->severity < SEVERITY_HIGH ? SEVERITY_HIGH : of->severity,
		.fields = strbuf_slice(&fields),
	};
	bool told = concluding_add(concluding, matched, &finding, err);
	strbuf_done(&fields);
	return told;
}

static bool note(struct concluding *concluding, const struct matched *matched,
	const struct finding *finding, enum spread_kind kind, struct slice what,
	struct err *err)
{
	if (what.len > VALUE_MAX)
		what = slice_head(what, VALUE_MAX);
	const unsigned n = count(concluding, matched, kind, what, finding->at_ns);

	return n == 0 || tell(concluding, matched, finding, kind, what, n, err);
}

bool spread_note(struct concluding *concluding, const struct matched *matched,
	const struct finding *finding, struct err *err)
{
	if (finding->severity >= SEVERITY_HIGH &&
		!note(concluding, matched, finding, SPREAD_RULE, finding->rule, err))
		return false;
	if (is_public_address(finding->subject))
		return note(
			concluding, matched, finding, SPREAD_ADDRESS, finding->subject, err);
	return !is_hash(finding->subject) ||
	       note(concluding, matched, finding, SPREAD_FILE, finding->subject, err);
}
