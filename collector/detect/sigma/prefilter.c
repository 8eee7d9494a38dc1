#include "collector/detect/sigma/prefilter.h"

#include <hs.h>
#include <math.h>
#include <stdlib.h>

#include "common/strbuf.h"
#include "common/table.h"

enum {
	WITNESSES_MAX = 1 << 20,
	SIGHTINGS_MAX = 8 << 20,
	SET_BITS = 64,
};

/* A witness: the text with the line ends before and behind it. */
struct witness {
	uint8_t len;
	char text[WITNESS_SIZE_MAX];
};

/* A witness of a rule. */
struct sighting {
	uint32_t witness, rule;
};

struct prefilter {
	hs_database_t *database; /* NULL: there are no witnesses */
	size_t n_rules, n_witnesses, n_always;
	uint32_t *first; /* of witness i in `rules`; n_witnesses + 1 of them */
	uint32_t *rules;
	uint64_t *always; /* bits of rules */
};

struct prefilter_scratch {
	hs_scratch_t *scratch;
	uint64_t *set;
	uint32_t *candidates;
	size_t room; /* rules */
};

/* ---- choosing witnesses ------------------------------------------------------ */

/* Texts in so many events that they tell little; parts of them are no better. */
static const struct slice common_texts[] = {
	{SLICE_BYTES("\nc:\\windows\\system32\\")},
	{SLICE_BYTES("\nc:\\program files (x86)\\")},
	{SLICE_BYTES("\nc:\\program files\\")},
	{SLICE_BYTES("\nc:\\users\\")},
	{SLICE_BYTES("\\appdata\\local\\")},
	{SLICE_BYTES("microsoft")},
	{SLICE_BYTES(".exe\n")},
	{SLICE_BYTES(".dll\n")},
	{SLICE_BYTES("hklm\\software\\")},
	{SLICE_BYTES("https://www.")},
	{SLICE_BYTES("\nnt authority\\system\n")},
	{SLICE_BYTES("\ntrue\n")},
	{SLICE_BYTES("\nfalse\n")},
	{SLICE_BYTES("\nget\n")},
	{SLICE_BYTES("\npost\n")},
	{SLICE_BYTES("/usr/bin/")},
	{SLICE_BYTES("\nsuccess\n")},
	{SLICE_BYTES("http/1.1")},
};

static struct slice witness_slice(const struct witness *witness)
{
	return slice_of(witness->text, witness->len);
}

static void witness_add(struct witness *witness, struct slice bytes)
{
	memcpy(witness->text + witness->len, bytes.ptr, bytes.len);
	witness->len = (uint8_t)(witness->len + bytes.len);
}

/* The end of a long literal where its end is fixed, else the start. */
static struct slice cut(struct slice literal, enum pattern_kind kind)
{
	const size_t most = WITNESS_SIZE_MAX - 2;

	if (literal.len <= most)
		return literal;
	return kind == PATTERN_END ? slice_from(literal, literal.len - most)
				   : slice_head(literal, most);
}

static void witness_of_pattern(const struct pattern *pattern, struct witness *witness)
{
	struct slice literal = cut(pattern->folded, pattern->kind);

	if (pattern->kind == PATTERN_WHOLE || pattern->kind == PATTERN_START)
		witness_add(witness, SLICE_LIT("\n"));
	witness_add(witness, literal);
	if (pattern->kind == PATTERN_END ||
		(pattern->kind == PATTERN_WHOLE && literal.len == pattern->folded.len))
		witness_add(witness, SLICE_LIT("\n"));
}

/* Empty when there is none. */
static void witness_of_atom(const struct atom *atom, struct witness *witness)
{
	witness->len = 0;
	if (atom->test == ATOM_PATTERN && atom->pattern.folded.len > 0)
		witness_of_pattern(&atom->pattern, witness);
	else if (atom->test == ATOM_REGEX)
		witness_add(witness, cut(regex_literal(atom->regex), PATTERN_WITHIN));
}

/* How many events are likely to have it, by its length. */
static double weight(const struct witness *witness)
{
	struct slice text = witness_slice(witness);

	if (text.len == 0)
		return INFINITY;
	for (size_t i = 0; i < ARRAY_LEN(common_texts); i++) {
		if (slice_search(common_texts[i], text) < common_texts[i].len)
			return 0.5;
	}
	return ldexp(1, -(int)(text.len < 16 ? text.len : 16));
}

/* INFINITY: no set of witnesses covers it. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static double cost_of(const struct expression *expression)
{
	struct witness witness;
	double cost = expression->kind == EXPRESSION_AND ? INFINITY : 0;

	switch (expression->kind) {
	case EXPRESSION_ATOM:
		witness_of_atom(&expression->atom, &witness);
		return weight(&witness);
	case EXPRESSION_NOT:
		return INFINITY;
	case EXPRESSION_AND:
		for (unsigned i = 0; i < expression->n_parts; i++)
			cost = fmin(cost, cost_of(expression->parts[i]));
		return cost;
	case EXPRESSION_OR:
	case EXPRESSION_OF:
		for (unsigned i = 0; i < expression->n_parts; i++)
			cost += cost_of(expression->parts[i]);
		return cost;
	}
	return INFINITY;
}

/* ---- collecting -------------------------------------------------------------- */

struct collection {
	struct table witnesses; /* struct witness -> nothing */
	struct sighting *sightings;
	size_t n, room;
	uint32_t rule;
	bool full; /* no more have room: the rule is a candidate always */
};

static void add_sighting(struct collection *collection, const struct witness *witness)
{
	char *value = table_put(&collection->witnesses, witness, NULL);

	if (value == NULL || collection->n == SIGHTINGS_MAX) {
		collection->full = true;
		return;
	}
	if (collection->n == collection->room) {
		collection->room = collection->room ? 2 * collection->room : 1024;
		collection->sightings = realloc(collection->sightings,
			collection->room * sizeof(*collection->sightings));
		if (collection->sightings == NULL)
			abort();
	}
	collection->sightings[collection->n++] = (struct sighting){
		(uint32_t)table_index(&collection->witnesses, value), collection->rule};
}

/* As cost_of() chose. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void collect(struct collection *collection, const struct expression *expression)
{
	struct witness witness = {0};
	unsigned best = 0;

	if (expression->kind == EXPRESSION_ATOM) {
		witness_of_atom(&expression->atom, &witness);
		memset(witness.text + witness.len, 0, sizeof(witness.text) - witness.len);
		add_sighting(collection, &witness);
		return;
	}
	if (expression->kind != EXPRESSION_AND) {
		for (unsigned i = 0; i < expression->n_parts; i++)
			collect(collection, expression->parts[i]);
		return;
	}
	for (unsigned i = 1; i < expression->n_parts; i++) {
		if (cost_of(expression->parts[i]) < cost_of(expression->parts[best]))
			best = i;
	}
	collect(collection, expression->parts[best]);
}

static int by_witness(const void *a, const void *b)
{
	const struct sighting *one = a, *two = b;

	if (one->witness != two->witness)
		return one->witness < two->witness ? -1 : 1;
	return one->rule < two->rule ? -1 : one->rule > two->rule;
}

static void index_rules(struct prefilter *prefilter, const struct collection *collection)
{
	size_t n = 0;

	if (collection->n > 0)
		qsort(collection->sightings, collection->n, sizeof(*collection->sightings),
			by_witness);
	prefilter->n_witnesses = collection->witnesses.n;
	prefilter->first = calloc(prefilter->n_witnesses + 1, sizeof(*prefilter->first));
	prefilter->rules = calloc(collection->n + 1, sizeof(*prefilter->rules));
	if (prefilter->first == NULL || prefilter->rules == NULL)
		abort();
	for (size_t i = 0; i < collection->n; i++) {
		const struct sighting *sighting = &collection->sightings[i];

		if (i > 0 && by_witness(sighting, sighting - 1) == 0)
			continue;
		prefilter->rules[n++] = sighting->rule;
		prefilter->first[sighting->witness + 1] = (uint32_t)n;
	}
}

/* ---- the scanner -------------------------------------------------------------- */

static bool compile(struct prefilter *prefilter, const struct table *witnesses, struct err *err)
{
	size_t n = witnesses->n;
	const char **texts = calloc(n, sizeof(*texts));
	unsigned *flags = calloc(n, sizeof(*flags)), *ids = calloc(n, sizeof(*ids));
	size_t *lens = calloc(n, sizeof(*lens));
	hs_compile_error_t *error = NULL;
	bool ok = true;

	if (texts == NULL || flags == NULL || ids == NULL || lens == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		const struct witness *witness = table_key(witnesses, i);

		texts[i] = witness->text;
		lens[i] = witness->len;
		flags[i] = HS_FLAG_SINGLEMATCH;
		ids[i] = (unsigned)i;
	}
	if (hs_compile_lit_multi(texts, flags, ids, lens, (unsigned)n, HS_MODE_BLOCK, NULL,
		    &prefilter->database, &error) != HS_SUCCESS) {
		ok = err_set(err, "the scanner of rules cannot be built: %s",
			error ? error->message : "unknown reason");
		hs_free_compile_error(error);
	}
	free(texts);
	free(flags);
	free(ids);
	free(lens);
	return ok;
}

struct prefilter *prefilter_new(
	const struct expression *const *expressions, size_t n, struct err *err)
{
	struct prefilter *prefilter = calloc(1, sizeof(*prefilter));
	struct collection collection = {0};
	bool ok = true;

	if (prefilter == NULL)
		abort();
	prefilter->n_rules = n;
	prefilter->always = calloc(n / SET_BITS + 1, sizeof(*prefilter->always));
	if (prefilter->always == NULL)
		abort();
	table_init(&collection.witnesses, sizeof(struct witness), 0, WITNESSES_MAX);
	for (size_t i = 0; i < n; i++) {
		bool covered = !isinf(cost_of(expressions[i]));

		collection.rule = (uint32_t)i;
		if (covered)
			collect(&collection, expressions[i]);
		if (!covered || collection.full) {
			prefilter->always[i / SET_BITS] |= UINT64_C(1) << i % SET_BITS;
			prefilter->n_always++;
		}
	}
	index_rules(prefilter, &collection);
	if (prefilter->n_witnesses > 0)
		ok = compile(prefilter, &collection.witnesses, err);
	table_done(&collection.witnesses);
	free(collection.sightings);
	if (ok)
		return prefilter;
	prefilter_free(prefilter);
	return NULL;
}

void prefilter_free(struct prefilter *prefilter)
{
	if (prefilter == NULL)
		return;
	hs_free_database(prefilter->database);
	free(prefilter->first);
	free(prefilter->rules);
	free(prefilter->always);
	free(prefilter);
}

size_t prefilter_always(const struct prefilter *prefilter)
{
	return prefilter->n_always;
}

size_t prefilter_witnesses(const struct prefilter *prefilter)
{
	return prefilter->n_witnesses;
}

size_t prefilter_size(const struct prefilter *prefilter)
{
	size_t size = 0;

	if (prefilter->database != NULL)
		(void)hs_database_size(prefilter->database, &size);
	return size;
}

/* ---- scanning ------------------------------------------------------------------ */

struct prefilter_scratch *prefilter_scratch_new(void)
{
	struct prefilter_scratch *scratch = calloc(1, sizeof(*scratch));

	if (scratch == NULL)
		abort();
	return scratch;
}

bool prefilter_scratch_fit(
	struct prefilter_scratch *scratch, const struct prefilter *prefilter, struct err *err)
{
	if (prefilter->database != NULL &&
		hs_alloc_scratch(prefilter->database, &scratch->scratch) != HS_SUCCESS)
		return err_set(err, "there is no memory to scan for rules with");
	if (prefilter->n_rules < scratch->room)
		return true;
	scratch->room = prefilter->n_rules + 1;
	free(scratch->set);
	free(scratch->candidates);
	scratch->set = calloc(scratch->room / SET_BITS + 1, sizeof(*scratch->set));
	scratch->candidates = calloc(scratch->room, sizeof(*scratch->candidates));
	if (scratch->set == NULL || scratch->candidates == NULL)
		abort();
	return true;
}

void prefilter_scratch_free(struct prefilter_scratch *scratch)
{
	if (scratch == NULL)
		return;
	hs_free_scratch(scratch->scratch);
	free(scratch->set);
	free(scratch->candidates);
	free(scratch);
}

struct marking {
	const struct prefilter *prefilter;
	uint64_t *set;
};

static int mark(unsigned witness, unsigned long long from, unsigned long long to,
	unsigned flags, void *user)
{
	const struct marking *marking = user;
	const struct prefilter *prefilter = marking->prefilter;

	(void)from;
	(void)to;
	(void)flags;
	for (uint32_t i = prefilter->first[witness]; i < prefilter->first[witness + 1]; i++) {
		uint32_t rule = prefilter->rules[i];

		marking->set[rule / SET_BITS] |= UINT64_C(1) << rule % SET_BITS;
	}
	return 0;
}

static size_t list_set(
	const struct prefilter *prefilter, const uint64_t *set, uint32_t *candidates)
{
	size_t n = 0;

	for (size_t i = 0; i <= prefilter->n_rules / SET_BITS; i++) {
		for (uint64_t bits = set[i]; bits != 0; bits &= bits - 1)
			candidates[n++] =
				(uint32_t)(i * SET_BITS + (unsigned)__builtin_ctzll(bits));
	}
	return n;
}

size_t prefilter_scan(const struct prefilter *prefilter, struct prefilter_scratch *scratch,
	struct slice text, const uint32_t **candidates)
{
	struct marking marking = {.prefilter = prefilter, .set = scratch->set};

	memcpy(scratch->set, prefilter->always,
		(prefilter->n_rules / SET_BITS + 1) * sizeof(*scratch->set));
	if (prefilter->database != NULL)
		(void)hs_scan(prefilter->database, text.ptr, (unsigned)text.len, 0,
			scratch->scratch, mark, &marking);
	*candidates = scratch->candidates;
	return list_set(prefilter, scratch->set, scratch->candidates);
}
