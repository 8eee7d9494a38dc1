/*
 * Messages of names and values. What a name means is looked up by its hash; what the event is
 * stands in a table by vendor. A product nobody knows is understood by its names alone: who
 * names a malware, and what it is or what was done to it, tells of a detection. One such name
 * may stand in any text that another product copied without escaping it.
 */
#include "collector/normalize/families/antivirus.h"
#include "collector/normalize/text/name_table.h"

enum { REMEDIES_MAX = 8 };

enum what {
	WHAT_NAME = 1,
	WHAT_TYPE,
	WHAT_PATH,
	WHAT_FILE,
	WHAT_HASH,
	WHAT_HOST,
	WHAT_ADDRESS,
	WHAT_GROUP,
	WHAT_USER,
	WHAT_STEP, /* a remedy of several that are tried in turn */
	WHAT_REMEDY,
	WHAT_HANDLED,
	WHAT_PROBLEM,
	WHAT_TIME,
	WHAT_COUNT,
};

/* The meaning of an entry is its kind, and its place in the list: the earlier is the better. */
enum { RANK_BIT = 8 };

#define AV(name, what) NAME(name, (unsigned)WHAT_##what | (unsigned)__LINE__ << RANK_BIT),
static const struct name_entry entries[] = {
#include "collector/normalize/families/antivirus_names.def"
};
#undef AV
static struct name_table table = NAME_TABLE(entries);

/* ---- values ------------------------------------------------------------------------ */

struct remedy {
	struct slice words;
	enum antivirus_state state;
	unsigned rank;
	bool is_step;
};

struct gathered {
	struct slice best[WHAT_COUNT];
	unsigned rank[WHAT_COUNT];
	struct remedy remedies[REMEDIES_MAX];
	unsigned n_remedies;
};

static unsigned meaning_of(struct slice name, uint32_t hash)
{
	return name_table_find(&table, name, hash);
}

bool antivirus_knows(const struct pair *pair)
{
	return meaning_of(pair->name, pair->hash) != 0;
}

static bool says_nothing(struct slice value)
{
	static const struct slice nothing[] = {{SLICE_BYTES("")}, {SLICE_BYTES("-")},
		{SLICE_BYTES("N/A")}, {SLICE_BYTES("n/a")}, {SLICE_BYTES("null")},
		{SLICE_BYTES("_")}};

	for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
		if (slice_eq(value, nothing[i]))
			return true;
	}
	return slice_absent(value);
}

/* What the words say is read when it matters: every line of CEF comes by here. */
static void gather_remedy(
	struct gathered *gathered, unsigned what, unsigned rank, struct slice words)
{
	if (gathered->n_remedies < REMEDIES_MAX)
		gathered->remedies[gathered->n_remedies++] = (struct remedy){
			.words = words, .rank = rank, .is_step = what == WHAT_STEP};
}

static void gather(struct gathered *gathered, unsigned meaning, struct slice value)
{
	unsigned what = meaning & ((1u << RANK_BIT) - 1), rank = meaning >> RANK_BIT;

	if (says_nothing(value))
		return;
	if (what == WHAT_STEP || what == WHAT_REMEDY)
		gather_remedy(gathered, what, rank, value);
	if (slice_absent(gathered->best[what]) || rank < gathered->rank[what]) {
		gathered->best[what] = value;
		gathered->rank[what] = rank;
	}
}

static const struct slice label_end = {SLICE_BYTES("Label")};

/* "cs1Label=VirusName" names "cs1"; the label's own text is what has a meaning. */
static void gather_labelled(
	struct gathered *gathered, const struct pairs *pairs, const struct pair *pair)
{
	struct slice name = slice_head(pair->name, pair->name.len - label_end.len);
	unsigned meaning = meaning_of(pair->value, name_hash(pair->value));

	if (meaning != 0)
		gather(gathered, meaning, pairs_get(pairs, name));
}

static void gather_pairs(struct gathered *gathered, const struct pairs *pairs)
{
	for (unsigned i = 0; i < pairs->n; i++) {
		const struct pair *pair = &pairs->items[i];
		unsigned meaning = meaning_of(pair->name, pair->hash);

		if (meaning != 0)
			gather(gathered, meaning, pair->value);
		else if (slice_ends(pair->name, label_end))
			gather_labelled(gathered, pairs, pair);
	}
}

/* ---- the event ----------------------------------------------------------------------- */

enum where { WHERE_ID, WHERE_TITLE, WHERE_CATEGORY };

static const struct event {
	struct slice vendor;
	enum where where;
	struct slice text;
	enum antivirus_kind kind;
	enum antivirus_state state;
} events[] = {
#define AV_EVENT(vendor, where, text, kind, state)                                             \
	{{SLICE_BYTES(vendor)}, WHERE_##where, {SLICE_BYTES(text)}, ANTIVIRUS_##kind,          \
		ANTIVIRUS_##state},
#include "collector/normalize/families/antivirus_events.def"
#undef AV_EVENT
};

/* By the names vendors have had; others' detections are understood by their names. */
static const struct {
	struct slice begins, vendor;
} vendors[] = {
	{{SLICE_BYTES("kaspersky")}, {SLICE_BYTES("kaspersky")}},
	{{SLICE_BYTES("eset")}, {SLICE_BYTES("eset")}},
	{{SLICE_BYTES("trend micro")}, {SLICE_BYTES("trend")}},
	{{SLICE_BYTES("trendmicro")}, {SLICE_BYTES("trend")}},
	{{SLICE_BYTES("symantec")}, {SLICE_BYTES("symantec")}},
	{{SLICE_BYTES("broadcom")}, {SLICE_BYTES("symantec")}},
	{{SLICE_BYTES("mcafee")}, {SLICE_BYTES("mcafee")}},
	{{SLICE_BYTES("trellix")}, {SLICE_BYTES("mcafee")}},
	{{SLICE_BYTES("musarubra")}, {SLICE_BYTES("mcafee")}},
	{{SLICE_BYTES("sophos")}, {SLICE_BYTES("sophos")}},
	{{SLICE_BYTES("bitdefender")}, {SLICE_BYTES("bitdefender")}},
	{{SLICE_BYTES("wazuh")}, {SLICE_BYTES("wazuh")}},
};

static struct slice vendor_of(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(vendors); i++) {
		struct slice begins = vendors[i].begins;

		if (name.len >= begins.len &&
			slice_eq_nocase(slice_head(name, begins.len), begins))
			return vendors[i].vendor;
	}
	return SLICE_NONE;
}

static struct slice category_of(const struct pairs *pairs)
{
	static const struct slice names[] = {{SLICE_BYTES("cat")}, {SLICE_BYTES("event_type")},
		{SLICE_BYTES("BitdefenderGZModule")}, {SLICE_BYTES("module")},
		{SLICE_BYTES("ThreatCategory")}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct slice value = pairs_get(pairs, names[i]);

		if (!slice_absent(value))
			return value;
	}
	return SLICE_NONE;
}

static const struct event *find_event(
	struct slice vendor, const struct antivirus_source *source, struct slice category)
{
	const struct slice texts[] = {
		[WHERE_ID] = source->id,
		[WHERE_TITLE] = source->title,
		[WHERE_CATEGORY] = category,
	};

	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (slice_eq(events[i].vendor, vendor) &&
			slice_starts(texts[events[i].where], events[i].text))
			return &events[i];
	}
	return NULL;
}

/* ---- what was done ------------------------------------------------------------------------
 */

/* Steps before other words, those that helped before those that did not. */
static unsigned worth_of(const struct remedy *remedy)
{
	return (remedy->is_step ? 0 : 2u) +
	       (remedy->is_step && remedy->state == ANTIVIRUS_ACTIVE);
}

static bool is_better(const struct remedy *remedy, const struct remedy *best)
{
	return best == NULL || worth_of(remedy) < worth_of(best) ||
	       (worth_of(remedy) == worth_of(best) && remedy->rank < best->rank);
}

static void judge(struct antivirus *said, struct gathered *gathered)
{
	const struct remedy *best = NULL;

	for (unsigned i = 0; i < gathered->n_remedies; i++) {
		struct remedy *remedy = &gathered->remedies[i];

		remedy->state = antivirus_state_of(remedy->words);
		if (remedy->state != ANTIVIRUS_UNTOLD && is_better(remedy, best))
			best = remedy;
	}
	if (best != NULL) {
		said->state = best->state;
		said->remedy = best->words;
	}
}

static bool is_true(struct slice value)
{
	return slice_eq_nocase(value, SLICE_LIT("true")) || slice_eq(value, SLICE_LIT("1")) ||
	       slice_eq_nocase(value, SLICE_LIT("yes"));
}

/* What the product says of the whole is worth more than its words for a part. */
static void judge_whole(struct antivirus *said, const struct gathered *gathered)
{
	struct slice handled = gathered->best[WHAT_HANDLED];

	if (!slice_absent(gathered->best[WHAT_PROBLEM]) ||
		(!slice_absent(handled) && !is_true(handled)))
		said->state = ANTIVIRUS_ACTIVE;
	else if (!slice_absent(handled) && said->state == ANTIVIRUS_UNTOLD)
		said->state = ANTIVIRUS_CLEANED;
}

/* ---- the whole ------------------------------------------------------------------------------
 */

/* Apex Central and Deep Security: the name of the event is that of the malware. */
static struct slice name_in_title(
	const struct antivirus_source *source, struct slice vendor, const struct pairs *pairs)
{
	if (!slice_eq(vendor, SLICE_LIT("trend")) ||
		slice_eq(source->title, SLICE_LIT("Spyware Detected")))
		return SLICE_NONE;
	return slice_absent(source->title) ? pairs_get_lit(pairs, "name") : source->title;
}

static struct antivirus said_by(const struct gathered *gathered)
{
	return (struct antivirus){
		.name = gathered->best[WHAT_NAME],
		.type = gathered->best[WHAT_TYPE],
		.remedy = gathered->best[WHAT_REMEDY],
		.path = gathered->best[WHAT_PATH],
		.file = gathered->best[WHAT_FILE],
		.host = gathered->best[WHAT_HOST],
		.address = gathered->best[WHAT_ADDRESS],
		.group = gathered->best[WHAT_GROUP],
		.user = gathered->best[WHAT_USER],
	};
}

static void put_hashes(struct record *record, struct parse_context *context, struct slice hash)
{
	if (slice_absent(record_get(record, FIELD_FILE_HASH_SHA256)) &&
		slice_absent(record_get(record, FIELD_FILE_HASH_MD5)) &&
		slice_absent(record_get(record, FIELD_FILE_HASH_SHA1)))
		put_hash(record, context, hash);
}

static bool is_told_of_malware(const struct antivirus *said)
{
	return said->kind == ANTIVIRUS_DETECTED || said->kind == ANTIVIRUS_OUTCOME;
}

/* Of a product nobody knows: machines and addresses are named in messages of every kind. */
static bool tells_detection(const struct gathered *gathered)
{
	static const enum what besides[] = {WHAT_TYPE, WHAT_PATH, WHAT_FILE, WHAT_HASH,
		WHAT_STEP, WHAT_REMEDY, WHAT_HANDLED, WHAT_PROBLEM};

	for (size_t i = 0; i < ARRAY_LEN(besides); i++) {
		if (!slice_absent(gathered->best[besides[i]]))
			return !slice_absent(gathered->best[WHAT_NAME]);
	}
	return false;
}

bool antivirus_put_pairs(struct record *record, struct parse_context *context,
	const struct antivirus_source *source)
{
	struct slice vendor = vendor_of(source->vendor);
	struct gathered gathered = {.n_remedies = 0};
	const struct event *event = NULL;

	gather_pairs(&gathered, context->pairs);
	if (!slice_absent(vendor))
		event = find_event(vendor, source, category_of(context->pairs));
	if (event == NULL && (slice_absent(vendor) ? !tells_detection(&gathered)
						   : slice_absent(gathered.best[WHAT_NAME])))
		return false;

	if (slice_eq(vendor, SLICE_LIT("eset")))
		parse_in_utc(context); /* ESET PROTECT writes UTC, wherever it is */
	struct antivirus said = said_by(&gathered);
	said.kind = event ? event->kind : ANTIVIRUS_DETECTED;
	said.state = event ? event->state : ANTIVIRUS_UNTOLD;
	if (is_told_of_malware(&said)) {
		if (slice_absent(said.name))
			said.name = name_in_title(source, vendor, context->pairs);
		if (said.state == ANTIVIRUS_UNTOLD)
			judge(&said, &gathered);
		if (said.state == ANTIVIRUS_UNTOLD)
			said.state = antivirus_state_of(source->id);
		judge_whole(&said, &gathered);
	}
	put_hashes(record, context, gathered.best[WHAT_HASH]);
	antivirus_put(record, context, &said);
	return true;
}
