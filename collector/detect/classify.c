/*
 * Rules with `contains` live in one set of needles per module and field; all
 * other rules in a list per module. A rule without modules stands in every
 * module's set and list, and in those of all modules that no rule names.
 */
#include "collector/detect/classify.h"

#include <stdlib.h>

#include "collector/detect/class_rules.h"
#include "collector/detect/unescape.h"
#include "common/mistakes.h"
#include "common/needles.h"

enum {
	MODULES_MAX = 256,
	SLOTS = 4 * MODULES_MAX, /* of their names */
	SETS_MAX = 32,           /* fields searched, of one module */
	UNESCAPE_MAX = 4096,     /* bytes of a URL that are read unescaped */
};

struct texts {
	struct slice *items;
	size_t n;
};

struct rule {
	struct slice id;
	uint8_t attack, severity;
	bool finds_malware;
	bool tells_outcome; /* of malware that another record found */
	bool is_resolved;   /* and says that it is gone */
	bool is_test;       /* and that it was none; goes before all others */
	struct texts modules, actions, equals, contains;
	struct slice outcome; /* absent = any */
	uint16_t *fields;
	size_t n_fields;
};

/* Needles of one field; needle i belongs to rule rule_of[i]. */
struct search {
	uint16_t field;
	bool is_url;
	struct needles *needles;
	const struct rule **rule_of;
};

struct module {
	struct slice name; /* absent: every module not named */
	const struct rule **plain;
	size_t n_plain;
	struct search searches[SETS_MAX];
	size_t n_searches;
	uint8_t search_of[FIELD_ID_MAX]; /* 1 + its place in searches; 0 = none */
};

struct classifier {
	struct conf *conf;
	struct written_classes written;
	struct class_text texts[CLASS_COUNT];
	struct rule *rules;
	size_t n_rules;
	struct module modules[MODULES_MAX]; /* the first is the one without name */
	size_t n_modules;
	uint16_t slots[SLOTS]; /* places in modules, by hash; 0 = empty */
};

static void *alloc(size_t n, size_t size)
{
	void *memory = calloc(n ? n : 1, size);

	if (memory == NULL)
		abort();
	return memory;
}

/* ---- loading ---------------------------------------------------------------- */

struct loading {
	struct classifier *classifier;
	struct mistakes mistakes;
};

static void wrong(struct loading *loading, const void *member, const char *what)
{
	mistake_add(&loading->mistakes, conf_at(loading->classifier->conf, member), "%s", what);
}

static struct texts texts_of(const struct setting_texts *written)
{
	struct texts texts = {
		.items = alloc(written->n, sizeof(*texts.items)), .n = written->n};

	for (size_t i = 0; i < written->n; i++)
		texts.items[i] = slice_str(written->items[i]);
	return texts;
}

static void check_contains(struct loading *loading, const struct written_rule *written)
{
	for (size_t i = 0; i < written->contains.n; i++) {
		size_t len = strlen(written->contains.items[i]);

		if (len < NEEDLE_MIN || len > NEEDLE_MAX)
			wrong(loading, &written->contains,
				"a text to look for has 2 to 64 bytes");
	}
	if (written->contains.n + written->equals.n > 0 && written->fields.n == 0)
		wrong(loading, &written->id, "'contains' and 'equals' need 'fields'");
	if (written->contains.n > 0 && written->equals.n > 0)
		wrong(loading, &written->id, "'contains' and 'equals' exclude each other");
}

static void fill_fields(
	struct loading *loading, struct rule *rule, const struct written_rule *written)
{
	rule->n_fields = written->fields.n;
	rule->fields = alloc(rule->n_fields, sizeof(*rule->fields));
	for (size_t i = 0; i < rule->n_fields; i++) {
		struct slice name = slice_str(written->fields.items[i]);

		rule->fields[i] = (uint16_t)field_by_name(name);
		if (rule->fields[i] == FIELD_NONE)
			mistake_add(&loading->mistakes,
				conf_at(loading->classifier->conf, &written->fields),
				"no field is called %s", MISTAKE_TEXT(name));
	}
}

static void check_finding(
	struct loading *loading, const struct rule *rule, const struct written_rule *written)
{
	if (rule->finds_malware && rule->attack != CLASS_MALWARE &&
		rule->attack != CLASS_RANSOMWARE)
		wrong(loading, &written->finding,
			"only a rule of class malware or ransomware finds malware");
	if (rule->tells_outcome && rule->attack != CLASS_NONE)
		wrong(loading, &written->finding,
			"what became of malware is no event of its own: class none");
	if (rule->is_resolved && !rule->finds_malware && !rule->tells_outcome)
		wrong(loading, &written->status,
			"only a rule that finds malware says that it is resolved");
	if (rule->is_test && !rule->finds_malware)
		wrong(loading, &written->status,
			"only a rule that finds malware says that it was a test");
}

static void fill_rule(
	struct loading *loading, struct rule *rule, const struct written_rule *written)
{
	*rule = (struct rule){
		.id = slice_str(written->id),
		.attack = (uint8_t)written->attack,
		.severity = (uint8_t)written->severity,
		.finds_malware = written->finding == FINDING_MALWARE,
		.tells_outcome = written->finding == FINDING_OUTCOME,
		.is_resolved = written->status == STATUS_RESOLVED,
		.is_test = written->status == STATUS_TEST,
		.modules = texts_of(&written->modules),
		.actions = texts_of(&written->actions),
		.equals = texts_of(&written->equals),
		.contains = texts_of(&written->contains),
		.outcome = written->outcome[0] ? slice_str(written->outcome) : SLICE_NONE,
	};
	check_contains(loading, written);
	fill_fields(loading, rule, written);
	if ((rule->attack == CLASS_NONE) != (rule->severity == SEVERITY_NONE))
		wrong(loading, &written->severity,
			"class none has severity none, every other class another one");
	check_finding(loading, rule, written);
	if (rule->modules.n + rule->actions.n + rule->n_fields == 0)
		wrong(loading, &written->id, "a rule without conditions fits everything");
}

static void fill_texts(struct loading *loading)
{
	struct classifier *classifier = loading->classifier;
	const struct written_class *written = classifier->written.classes.items;

	for (unsigned i = 0; i < CLASS_COUNT; i++)
		classifier->texts[i] = (struct class_text){.vi = "", .en = ""};
	for (size_t i = 0; i < classifier->written.classes.n; i++) {
		struct class_text *text = &classifier->texts[written[i].attack];

		if (text->vi[0] != '\0')
			wrong(loading, &written[i].attack, "the class stands here twice");
		*text = (struct class_text){.vi = written[i].vi,
			.en = written[i].en,
			.counting = (enum class_counting)written[i].counting};
	}
}

/* Where the module of that name stands, or would: open addressing. */
static size_t slot_of(const struct classifier *classifier, struct slice name)
{
	uint32_t hash = 2166136261; /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * 16777619;

	size_t at = (hash ^ hash >> 15) % SLOTS;
	while (classifier->slots[at] != 0 &&
		!slice_eq(classifier->modules[classifier->slots[at]].name, name))
		at = (at + 1) % SLOTS;
	return at;
}

static void add_modules(struct loading *loading, const struct rule *rule)
{
	struct classifier *classifier = loading->classifier;

	for (size_t i = 0; i < rule->modules.n; i++) {
		struct slice name = rule->modules.items[i];
		size_t slot = slot_of(classifier, name);

		if (classifier->slots[slot] != 0)
			continue;
		if (classifier->n_modules == MODULES_MAX) {
			mistake_add(&loading->mistakes, (struct pos){0}, "more than %d modules",
				MODULES_MAX - 1);
			return;
		}
		classifier->slots[slot] = (uint16_t)classifier->n_modules;
		classifier->modules[classifier->n_modules++].name = name;
	}
}

static bool concerns(const struct rule *rule, const struct module *module)
{
	if (rule->modules.n == 0)
		return true;
	for (size_t i = 0; i < rule->modules.n; i++) {
		if (!slice_absent(module->name) &&
			slice_eq(rule->modules.items[i], module->name))
			return true;
	}
	return false;
}

static void add_plain(struct classifier *classifier, struct module *module)
{
	module->plain = alloc(classifier->n_rules, sizeof(struct rule *));
	for (size_t i = 0; i < classifier->n_rules; i++) {
		const struct rule *rule = &classifier->rules[i];

		if (rule->contains.n == 0 && concerns(rule, module))
			module->plain[module->n_plain++] = rule;
	}
}

static bool is_url_field(unsigned field)
{
	return field == FIELD_URL_ORIGINAL || field == FIELD_URL_PATH ||
	       field == FIELD_URL_QUERY || field == FIELD_HTTP_REQUEST_REFERRER;
}

static bool looks_into(const struct rule *rule, unsigned field)
{
	for (size_t i = 0; i < rule->n_fields; i++) {
		if (rule->fields[i] == field)
			return true;
	}
	return false;
}

/* All texts that rules of the module look for in the field. */
static void add_search(struct classifier *classifier, struct module *module, unsigned field)
{
	struct search *search = &module->searches[module->n_searches++];
	struct slice *texts;
	size_t n = 0, room = 0;

	for (size_t i = 0; i < classifier->n_rules; i++)
		room += classifier->rules[i].contains.n;
	texts = alloc(room, sizeof(*texts));
	*search = (struct search){.field = (uint16_t)field,
		.is_url = is_url_field(field),
		.rule_of = alloc(room, sizeof(struct rule *))};
	for (size_t i = 0; i < classifier->n_rules; i++) {
		const struct rule *rule = &classifier->rules[i];

		if (!concerns(rule, module) || !looks_into(rule, field))
			continue;
		for (size_t j = 0; j < rule->contains.n; j++) {
			texts[n] = rule->contains.items[j];
			search->rule_of[n++] = rule;
		}
	}
	search->needles = needles_new(texts, n);
	module->search_of[field] = (uint8_t)module->n_searches;
	free(texts);
}

static void add_searches(struct loading *loading, struct module *module)
{
	struct classifier *classifier = loading->classifier;

	for (size_t i = 0; i < classifier->n_rules; i++) {
		const struct rule *rule = &classifier->rules[i];

		if (rule->contains.n == 0 || !concerns(rule, module))
			continue;
		for (size_t j = 0; j < rule->n_fields; j++) {
			if (module->search_of[rule->fields[j]] != 0)
				continue;
			if (module->n_searches == SETS_MAX) {
				mistake_add(&loading->mistakes, (struct pos){0},
					"rules of one module look into more than %d fields",
					SETS_MAX);
				return;
			}
			add_search(classifier, module, rule->fields[j]);
		}
	}
}

static void compile(struct loading *loading)
{
	struct classifier *classifier = loading->classifier;
	const struct written_rule *written = classifier->written.rules.items;

	classifier->n_rules = classifier->written.rules.n;
	classifier->rules = alloc(classifier->n_rules, sizeof(*classifier->rules));
	classifier->n_modules = 1;
	fill_texts(loading);
	for (size_t i = 0; i < classifier->n_rules; i++) {
		fill_rule(loading, &classifier->rules[i], &written[i]);
		add_modules(loading, &classifier->rules[i]);
	}
	if (loading->mistakes.n > 0)
		return;
	for (size_t i = 0; i < classifier->n_modules; i++) {
		add_plain(classifier, &classifier->modules[i]);
		add_searches(loading, &classifier->modules[i]);
	}
}

/* Takes the conf. */
static struct classifier *finish(
	struct classifier *classifier, const char *name, struct strbuf *mistakes)
{
	struct loading loading = {
		.classifier = classifier, .mistakes = mistakes_into(mistakes, name)};

	if (classifier->conf != NULL) {
		compile(&loading);
		if (mistakes_end(&loading.mistakes))
			return classifier;
	}
	classifier_free(classifier);
	return NULL;
}

struct classifier *classifier_load(const char *path, struct strbuf *mistakes)
{
	struct classifier *classifier = alloc(1, sizeof(*classifier));

	classifier->conf = conf_load(path, class_rules_table, &classifier->written, mistakes);
	return finish(classifier, path, mistakes);
}

struct classifier *classifier_parse(
	const char *name, struct slice text, struct strbuf *mistakes)
{
	struct classifier *classifier = alloc(1, sizeof(*classifier));

	classifier->conf =
		conf_parse(name, text, class_rules_table, &classifier->written, mistakes);
	return finish(classifier, name, mistakes);
}

static void free_rule(struct rule *rule)
{
	free(rule->modules.items);
	free(rule->actions.items);
	free(rule->equals.items);
	free(rule->contains.items);
	free(rule->fields);
}

void classifier_free(struct classifier *classifier)
{
	if (classifier == NULL)
		return;
	for (size_t i = 0; i < classifier->n_modules; i++) {
		struct module *module = &classifier->modules[i];

		for (size_t j = 0; j < module->n_searches; j++) {
			needles_free(module->searches[j].needles);
			free(module->searches[j].rule_of);
		}
		free(module->plain);
	}
	for (size_t i = 0; i < classifier->n_rules; i++)
		free_rule(&classifier->rules[i]);
	free(classifier->rules);
	conf_free(classifier->conf);
	free(classifier);
}

const struct class_text *classifier_text(
	const struct classifier *classifier, enum attack_class attack)
{
	return &classifier->texts[(unsigned)attack < CLASS_COUNT ? attack : CLASS_NONE];
}

/* ---- deciding --------------------------------------------------------------- */

struct decision {
	const struct record *record;
	struct slice action, outcome;
	uint8_t reported;            /* what SEVERITY_REPORTED stands for */
	const struct search *search; /* the one that runs */
	const struct rule *best;
};

static bool is_one_of(struct slice value, const struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++) {
		if (slice_eq(value, texts->items[i]))
			return true;
	}
	return false;
}

static uint8_t severity_in(const struct rule *rule, const struct decision *decision)
{
	return rule->severity == SEVERITY_REPORTED ? decision->reported : rule->severity;
}

/* The earlier rule stands lower in memory. */
static bool is_better(const struct rule *rule, const struct decision *decision)
{
	const struct rule *best = decision->best;

	if (best == NULL)
		return true;
	if (rule->is_test != best->is_test)
		return rule->is_test;
	uint8_t severity = severity_in(rule, decision), so_far = severity_in(best, decision);
	return severity > so_far || (severity == so_far && rule < best);
}

/* SEVERITY_MEDIUM when the record says nothing. */
static uint8_t reported_severity(const struct record *record)
{
	struct slice said = record_get(record, FIELD_SOC_ATTACK_SEVERITY);

	for (unsigned i = SEVERITY_LOW; i < SEVERITY_COUNT; i++) {
		if (slice_eq(slice_str(severity_name((enum severity)i)), said))
			return (uint8_t)i;
	}
	return SEVERITY_MEDIUM;
}

/* Everything but the texts to look for. */
static bool fits_event(const struct rule *rule, const struct decision *decision)
{
	if (rule->actions.n > 0 && !is_one_of(decision->action, &rule->actions))
		return false;
	return slice_absent(rule->outcome) || slice_eq(rule->outcome, decision->outcome);
}

/* A repeated field fits when one of its values does. */
static bool fits_fields(const struct rule *rule, const struct record *record)
{
	if (rule->n_fields == 0)
		return true;
	for (unsigned i = 0; i < record->n_fields; i++) {
		const struct field *field = &record->fields[i];

		if (looks_into(rule, field->id) &&
			(rule->equals.n == 0 || is_one_of(field_value(field), &rule->equals)))
			return true;
	}
	return false;
}

static void try_plain(struct decision *decision, const struct module *module)
{
	for (size_t i = 0; i < module->n_plain; i++) {
		const struct rule *rule = module->plain[i];

		if (is_better(rule, decision) && fits_event(rule, decision) &&
			fits_fields(rule, decision->record))
			decision->best = rule;
	}
}

static bool on_needle(void *user, unsigned number, size_t at)
{
	struct decision *decision = user;
	const struct rule *rule = decision->search->rule_of[number];

	(void)at;
	if (is_better(rule, decision) && fits_event(rule, decision))
		decision->best = rule;
	return true;
}

static void search_value(
	struct decision *decision, const struct search *search, struct slice value)
{
	char unescaped[UNESCAPE_MAX];

	decision->search = search;
	(void)needles_scan(search->needles, value, on_needle, decision);
	if (search->is_url && url_is_escaped(value))
		(void)needles_scan(search->needles,
			url_unescape(value, unescaped, sizeof(unescaped)), on_needle, decision);
}

static void try_searches(struct decision *decision, const struct module *module)
{
	const struct record *record = decision->record;

	if (module->n_searches == 0)
		return;
	for (unsigned i = 0; i < record->n_fields; i++) {
		unsigned search = module->search_of[record->fields[i].id];

		if (search != 0)
			search_value(decision, &module->searches[search - 1],
				field_value(&record->fields[i]));
	}
}

static const struct module *module_of(
	const struct classifier *classifier, const struct record *record)
{
	struct slice name = record_get(record, FIELD_EVENT_MODULE);
	unsigned module = classifier->slots[slot_of(classifier, name)];

	if (module == 0 && record->parser >= PARSER_OWN_MIN && record->parser <= PARSER_OWN_MAX)
		module = classifier->slots[slot_of(classifier, SLICE_LIT("own-formats"))];
	return &classifier->modules[module];
}

/* decision->best is the rule, or NULL. */
static void decide(const struct classifier *classifier, const struct record *record,
	struct decision *decision)
{
	const struct module *module = module_of(classifier, record);

	*decision = (struct decision){.record = record};
	if (module->n_plain + module->n_searches == 0)
		return;
	decision->action = record_get(record, FIELD_EVENT_ACTION);
	decision->outcome = record_get(record, FIELD_EVENT_OUTCOME);
	decision->reported = reported_severity(record);
	try_plain(decision, module);
	try_searches(decision, module);
}

static unsigned flags_of(const struct rule *rule)
{
	return (rule->finds_malware ? RECORD_MALWARE : 0u) |
	       (rule->tells_outcome ? RECORD_OUTCOME : 0u) |
	       (rule->is_resolved ? RECORD_RESOLVED : 0u) | (rule->is_test ? RECORD_TEST : 0u);
}

void classify_record(const struct classifier *classifier, struct record *record)
{
	struct decision decision;

	decide(classifier, record, &decision);
	const struct rule *rule = decision.best;
	record->attack = rule ? rule->attack : CLASS_NONE;
	record->severity = rule ? severity_in(rule, &decision) : SEVERITY_NONE;
	if (rule != NULL)
		record->flags = (uint16_t)(record->flags | flags_of(rule));
}

void classify_batch(const struct classifier *classifier, struct batch *batch)
{
	for (unsigned i = 0; i < batch->n_records; i++) {
		if (batch->records[i].kind != RECORD_FINDING)
			classify_record(classifier, &batch->records[i]);
	}
}

struct slice classify_reason(const struct classifier *classifier, const struct record *record)
{
	struct decision decision;

	decide(classifier, record, &decision);
	return decision.best ? decision.best->id : SLICE_NONE;
}
