#include "collector/national/schema.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>

enum { DEPTH_MAX = 32, PATTERNS_MAX = 32, PATTERN_SIZE_MAX = 256, PLACE_MAX = 512 };

struct pattern {
	yyjson_val *text; /* in the schema */
	regex_t expression;
};

struct schema {
	yyjson_doc *doc;
	struct pattern patterns[PATTERNS_MAX];
	unsigned n_patterns;
};

/* Where in the document: a member or an item, up to the root. */
struct place {
	const struct place *parent;
	yyjson_val *key; /* NULL: an item */
	size_t item;
};

struct check {
	struct schema *schema;
	const struct json_file *file;
	struct mistakes *mistakes; /* NULL: only the answer counts */
	unsigned depth;
};

struct visit {
	struct check *check;
	yyjson_val *rules; /* the schema object */
	yyjson_val *rule;  /* the keyword's value */
	yyjson_val *value; /* of the document */
	const struct place *place;
};

static bool fits(
	struct check *check, yyjson_val *rules, yyjson_val *value, const struct place *place);

/* ---- words ---------------------------------------------------------------------- */

static void add_place(struct strbuf *out, const struct place *place)
{
	if (place == NULL)
		return;
	add_place(out, place->parent);
	if (place->key == NULL) {
		strbuf_addf(out, "[%zu]", place->item);
		return;
	}
	if (out->len > 0)
		strbuf_add_byte(out, '.');
	strbuf_add(out, json_file_text(place->key));
}

static struct pos pos_at(const struct visit *visit)
{
	struct pos at = json_file_at(visit->check->file, visit->value);

	for (const struct place *place = visit->place; place != NULL && at.line == 0;
		place = place->parent)
		at = json_file_at(visit->check->file, place->key);
	return at;
}

/* Positions are searched from the start of the text: not for what nobody will read. */
static bool complain(const struct visit *visit, const char *what, struct slice detail)
{
	struct mistakes *mistakes = visit->check->mistakes;
	struct strbuf where = STRBUF_INIT(PLACE_MAX);

	if (mistakes == NULL)
		return false;
	if (mistakes->n >= MISTAKES_MAX) {
		mistakes->n++;
		return false;
	}
	add_place(&where, visit->place);
	mistake_add(mistakes, pos_at(visit), "%s%s%s%s%s",
		where.len > 0 ? MISTAKE_TEXT(strbuf_slice(&where)) : "the message", ": ", what,
		slice_absent(detail) ? "" : " ",
		slice_absent(detail) ? "" : MISTAKE_TEXT(detail));
	strbuf_done(&where);
	return false;
}

/* ---- keywords ------------------------------------------------------------------- */

static bool is_type(yyjson_val *value, struct slice name)
{
	static const struct {
		struct slice name;
		bool (*is)(yyjson_val *);
	} types[] = {
		{{SLICE_BYTES("object")}, yyjson_is_obj},
		{{SLICE_BYTES("array")}, yyjson_is_arr},
		{{SLICE_BYTES("string")}, yyjson_is_str},
		{{SLICE_BYTES("number")}, yyjson_is_num},
		{{SLICE_BYTES("boolean")}, yyjson_is_bool},
		{{SLICE_BYTES("null")}, yyjson_is_null},
	};

	if (slice_eq(name, SLICE_LIT("integer"))) /* 1.0 is one too */
		return yyjson_is_num(value) &&
		       (!yyjson_is_real(value) ||
			       floor(yyjson_get_real(value)) == yyjson_get_real(value));
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (slice_eq(name, types[i].name))
			return types[i].is(value);
	}
	return false;
}

static bool check_type(const struct visit *visit)
{
	yyjson_arr_iter names = yyjson_arr_iter_with(visit->rule);
	yyjson_val *name;

	if (yyjson_is_str(visit->rule))
		return is_type(visit->value, json_file_text(visit->rule)) ||
		       complain(visit, "expected", json_file_text(visit->rule));
	while ((name = yyjson_arr_iter_next(&names)) != NULL) {
		if (is_type(visit->value, json_file_text(name)))
			return true;
	}
	return complain(visit, "wrong type", SLICE_NONE);
}

static bool same_text(yyjson_val *a, yyjson_val *b)
{
	return yyjson_is_str(a) && yyjson_is_str(b) &&
	       slice_eq(json_file_text(a), json_file_text(b));
}

static bool check_const(const struct visit *visit)
{
	return same_text(visit->rule, visit->value) ||
	       complain(visit, "expected", json_file_text(visit->rule));
}

static bool check_enum(const struct visit *visit)
{
	yyjson_arr_iter words = yyjson_arr_iter_with(visit->rule);
	yyjson_val *word;

	while ((word = yyjson_arr_iter_next(&words)) != NULL) {
		if (same_text(word, visit->value))
			return true;
	}
	return complain(visit, "not one of the known words:", json_file_text(visit->value));
}

static bool check_pattern(const struct visit *visit)
{
	struct schema *schema = visit->check->schema;
	struct slice text = json_file_text(visit->value);
	regmatch_t whole = {.rm_so = 0, .rm_eo = (regoff_t)text.len};

	if (slice_absent(text))
		return true;
	for (unsigned i = 0; i < schema->n_patterns; i++) {
		struct pattern *pattern = &schema->patterns[i];

		if (pattern->text == visit->rule)
			return regexec(&pattern->expression, text.ptr, 1, &whole,
				       REG_STARTEND) == 0 ||
			       complain(visit, "does not have its form:", text);
	}
	return false;
}

static size_t characters(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return n;
}

static bool check_min_length(const struct visit *visit)
{
	return !yyjson_is_str(visit->value) ||
	       characters(json_file_text(visit->value)) >= yyjson_get_uint(visit->rule) ||
	       complain(visit, "too short:", json_file_text(visit->value));
}

static bool check_max_length(const struct visit *visit)
{
	return !yyjson_is_str(visit->value) ||
	       characters(json_file_text(visit->value)) <= yyjson_get_uint(visit->rule) ||
	       complain(visit, "too long:", json_file_text(visit->value));
}

static bool check_minimum(const struct visit *visit)
{
	return !yyjson_is_num(visit->value) ||
	       yyjson_get_num(visit->value) >= yyjson_get_num(visit->rule) ||
	       complain(visit, "too small", SLICE_NONE);
}

static bool check_maximum(const struct visit *visit)
{
	return !yyjson_is_num(visit->value) ||
	       yyjson_get_num(visit->value) <= yyjson_get_num(visit->rule) ||
	       complain(visit, "too large", SLICE_NONE);
}

static bool check_min_items(const struct visit *visit)
{
	return !yyjson_is_arr(visit->value) ||
	       yyjson_arr_size(visit->value) >= yyjson_get_uint(visit->rule) ||
	       complain(visit, "too few items", SLICE_NONE);
}

static bool check_max_items(const struct visit *visit)
{
	return !yyjson_is_arr(visit->value) ||
	       yyjson_arr_size(visit->value) <= yyjson_get_uint(visit->rule) ||
	       complain(visit, "too many items", SLICE_NONE);
}

static bool check_items(const struct visit *visit)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(visit->value);
	yyjson_val *item;
	bool right = true;

	for (size_t i = 0; (item = yyjson_arr_iter_next(&items)) != NULL; i++) {
		struct place place = {.parent = visit->place, .item = i};

		right &= fits(visit->check, visit->rule, item, &place);
	}
	return right;
}

static yyjson_val *member(yyjson_val *object, yyjson_val *key)
{
	return yyjson_obj_getn(object, yyjson_get_str(key), yyjson_get_len(key));
}

static bool check_properties(const struct visit *visit)
{
	yyjson_obj_iter members = yyjson_obj_iter_with(visit->value);
	yyjson_val *key;
	bool right = true;

	while ((key = yyjson_obj_iter_next(&members)) != NULL) {
		struct place place = {.parent = visit->place, .key = key};
		yyjson_val *rules = member(visit->rule, key);

		if (rules != NULL)
			right &=
				fits(visit->check, rules, yyjson_obj_iter_get_val(key), &place);
	}
	return right;
}

static bool check_additional(const struct visit *visit)
{
	yyjson_obj_iter members = yyjson_obj_iter_with(visit->value);
	yyjson_val *known = yyjson_obj_get(visit->rules, "properties");
	yyjson_val *key;
	bool right = true;

	while ((key = yyjson_obj_iter_next(&members)) != NULL) {
		if (member(known, key) == NULL) {
			struct place place = {.parent = visit->place, .key = key};
			struct visit extra = *visit;

			extra.place = &place;
			extra.value = key;
			right = complain(&extra, "unknown member", SLICE_NONE);
		}
	}
	return right;
}

static bool check_required(const struct visit *visit)
{
	yyjson_arr_iter names = yyjson_arr_iter_with(visit->rule);
	yyjson_val *name;
	bool right = true;

	while (yyjson_is_obj(visit->value) && (name = yyjson_arr_iter_next(&names)) != NULL) {
		if (member(visit->value, name) == NULL)
			right = complain(visit, "lacks", json_file_text(name));
	}
	return right;
}

static yyjson_val *resolve(const struct schema *schema, yyjson_val *reference)
{
	static const struct slice head = {SLICE_BYTES("#/$defs/")};
	struct slice text = json_file_text(reference);
	yyjson_val *all = yyjson_obj_get(yyjson_doc_get_root(schema->doc), "$defs");

	if (slice_absent(text) || !slice_starts(text, head))
		return NULL;
	text = slice_from(text, head.len);
	return yyjson_obj_getn(all, text.ptr, text.len);
}

static bool check_ref(const struct visit *visit)
{
	return fits(visit->check, resolve(visit->check->schema, visit->rule), visit->value,
		visit->place);
}

/* How many of the texts that tell forms apart (const members) are those of `form`. */
static unsigned likeness(const struct visit *visit, yyjson_val *form)
{
	yyjson_val *reference = yyjson_obj_get(form, "$ref");
	yyjson_val *rules = reference ? resolve(visit->check->schema, reference) : form;
	yyjson_obj_iter members = yyjson_obj_iter_with(yyjson_obj_get(rules, "properties"));
	yyjson_val *key;
	unsigned n = 0;

	while ((key = yyjson_obj_iter_next(&members)) != NULL)
		n += same_text(yyjson_obj_get(yyjson_obj_iter_get_val(key), "const"),
			member(visit->value, key));
	return n;
}

/* The form it is most like; NULL when there are several. */
static yyjson_val *meant_form(const struct visit *visit)
{
	yyjson_arr_iter forms = yyjson_arr_iter_with(visit->rule);
	yyjson_val *form, *best = NULL;
	unsigned most = 0;

	while ((form = yyjson_arr_iter_next(&forms)) != NULL) {
		unsigned n = likeness(visit, form);

		if (n == most)
			best = NULL;
		if (n > most) {
			most = n;
			best = form;
		}
	}
	return best;
}

static unsigned count_forms(const struct visit *visit)
{
	yyjson_arr_iter forms = yyjson_arr_iter_with(visit->rule);
	struct check silent = *visit->check;
	yyjson_val *form;
	unsigned n = 0;

	silent.mistakes = NULL;
	while ((form = yyjson_arr_iter_next(&forms)) != NULL)
		n += fits(&silent, form, visit->value, visit->place);
	return n;
}

static bool check_one_of(const struct visit *visit)
{
	if (count_forms(visit) == 1)
		return true;
	yyjson_val *form = meant_form(visit);

	if (visit->check->mistakes != NULL && form != NULL &&
		!fits(visit->check, form, visit->value, visit->place))
		return false;
	return complain(visit, "has none of the forms it may have", SLICE_NONE);
}

static bool is_text(yyjson_val *rule)
{
	return yyjson_is_str(rule);
}

static bool is_false(yyjson_val *rule)
{
	return yyjson_is_false(rule);
}

static bool is_count(yyjson_val *rule)
{
	return yyjson_is_uint(rule);
}

static bool is_number(yyjson_val *rule)
{
	return yyjson_is_num(rule);
}

static bool is_object(yyjson_val *rule)
{
	return yyjson_is_obj(rule);
}

static bool is_list(yyjson_val *rule)
{
	return yyjson_is_arr(rule);
}

static bool is_text_or_list(yyjson_val *rule)
{
	return yyjson_is_str(rule) || yyjson_is_arr(rule);
}

static const struct keyword {
	const char *name;
	bool (*form)(yyjson_val *rule);           /* of the keyword's own value */
	bool (*check)(const struct visit *visit); /* NULL: an annotation */
} keywords[] = {
	{"$schema", is_text, NULL},
	{"$id", is_text, NULL},
	{"$defs", is_object, NULL},
	{"title", is_text, NULL},
	{"description", is_text, NULL},
	{"$ref", is_text, check_ref},
	{"type", is_text_or_list, check_type},
	{"const", is_text, check_const},
	{"enum", is_list, check_enum},
	{"pattern", is_text, check_pattern},
	{"minLength", is_count, check_min_length},
	{"maxLength", is_count, check_max_length},
	{"minimum", is_number, check_minimum},
	{"maximum", is_number, check_maximum},
	{"minItems", is_count, check_min_items},
	{"maxItems", is_count, check_max_items},
	{"items", is_object, check_items},
	{"properties", is_object, check_properties},
	{"required", is_list, check_required},
	{"additionalProperties", is_false, check_additional},
	{"oneOf", is_list, check_one_of},
};

static const struct keyword *find_keyword(yyjson_val *name)
{
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
		if (yyjson_equals_str(name, keywords[i].name))
			return &keywords[i];
	}
	return NULL;
}

static bool fits(
	struct check *check, yyjson_val *rules, yyjson_val *value, const struct place *place)
{
	struct visit visit = {check, rules, NULL, value, place};
	yyjson_obj_iter members = yyjson_obj_iter_with(rules);
	yyjson_val *name;
	bool right = true;

	if (check->depth == DEPTH_MAX)
		return complain(&visit, "nested too deep", SLICE_NONE);
	check->depth++;
	while ((name = yyjson_obj_iter_next(&members)) != NULL) {
		const struct keyword *keyword = find_keyword(name);

		visit.rule = yyjson_obj_iter_get_val(name);
		if (keyword->check != NULL)
			right &= keyword->check(&visit);
	}
	check->depth--;
	return right;
}

bool schema_check(
	struct schema *schema, const struct json_file *file, struct mistakes *mistakes)
{
	struct check check = {.schema = schema, .file = file, .mistakes = mistakes};

	return fits(&check, yyjson_doc_get_root(schema->doc), json_file_root(file), NULL);
}

/* ---- reading -------------------------------------------------------------------- */

static bool read_rules(struct schema *schema, yyjson_val *rules, struct err *err);

static bool read_pattern(struct schema *schema, yyjson_val *text, struct err *err)
{
	struct pattern *pattern = &schema->patterns[schema->n_patterns];

	if (schema->n_patterns == PATTERNS_MAX || yyjson_get_len(text) > PATTERN_SIZE_MAX ||
		regcomp(&pattern->expression, yyjson_get_str(text), REG_EXTENDED) != 0)
		return err_set(
			err, "pattern %s cannot be used", MISTAKE_TEXT(json_file_text(text)));
	pattern->text = text;
	schema->n_patterns++;
	return true;
}

static bool read_each(struct schema *schema, yyjson_val *all, struct err *err)
{
	yyjson_arr_iter items = yyjson_arr_iter_with(all);
	yyjson_obj_iter members = yyjson_obj_iter_with(all);
	yyjson_val *next;

	while ((next = yyjson_arr_iter_next(&items)) != NULL) {
		if (!read_rules(schema, next, err))
			return false;
	}
	while ((next = yyjson_obj_iter_next(&members)) != NULL) {
		if (!read_rules(schema, yyjson_obj_iter_get_val(next), err))
			return false;
	}
	return true;
}

static bool read_inside(
	struct schema *schema, const char *name, yyjson_val *rule, struct err *err)
{
	if (strcmp(name, "pattern") == 0)
		return read_pattern(schema, rule, err);
	if (strcmp(name, "$ref") == 0)
		return yyjson_is_obj(resolve(schema, rule)) ||
		       err_set(err, "$ref %s leads nowhere",
			       MISTAKE_TEXT(json_file_text(rule)));
	if (strcmp(name, "items") == 0)
		return read_rules(schema, rule, err);
	if (strcmp(name, "properties") == 0 || strcmp(name, "$defs") == 0 ||
		strcmp(name, "oneOf") == 0)
		return read_each(schema, rule, err);
	return true;
}

static bool read_rules(struct schema *schema, yyjson_val *rules, struct err *err)
{
	yyjson_obj_iter members = yyjson_obj_iter_with(rules);
	yyjson_val *name;

	if (!yyjson_is_obj(rules))
		return err_set(err, "a schema is no object");
	while ((name = yyjson_obj_iter_next(&members)) != NULL) {
		const struct keyword *keyword = find_keyword(name);
		yyjson_val *rule = yyjson_obj_iter_get_val(name);

		if (keyword == NULL)
			return err_set(err, "keyword %s is not supported",
				MISTAKE_TEXT(json_file_text(name)));
		if (!keyword->form(rule))
			return err_set(err, "keyword '%s' has a value that is not supported",
				keyword->name);
		if (!read_inside(schema, keyword->name, rule, err))
			return false;
	}
	return true;
}

struct schema *schema_read(struct slice text, struct err *err)
{
	struct schema *schema = calloc(1, sizeof(*schema));

	if (schema == NULL)
		abort();
	schema->doc = yyjson_read(text.ptr, text.len, 0);
	if (schema->doc == NULL)
		err_set(err, "the schema is no JSON");
	else if (read_rules(schema, yyjson_doc_get_root(schema->doc), err))
		return schema;
	schema_free(schema);
	return NULL;
}

void schema_free(struct schema *schema)
{
	if (schema == NULL)
		return;
	for (unsigned i = 0; i < schema->n_patterns; i++)
		regfree(&schema->patterns[i].expression);
	yyjson_doc_free(schema->doc);
	free(schema);
}
