#include "collector/detect/sigma/field_report.h"

#include <stdlib.h>
#include <xxhash.h>

#include "collector/detect/sigma/pipelines.h"
#include "collector/record/field.h"

enum {
	REPORT_FIELDS_MAX = 1 << 20, /* pairs of log source and field */
	REPORT_MEMORY_MAX = 256 << 20,
};

struct making {
	struct field_report *report;
	const struct rule_set *set;
	struct table rows;   /* of log source and field -> its place + 1 */
	size_t rule;         /* being looked at */
	size_t *last_of_row; /* rule + 1 that was counted last */
};

static uint64_t hash_of(const struct log_source *source, struct slice name)
{
	uint64_t hash = XXH3_64bits(name.ptr, name.len);

	for (size_t i = 0; i < LOG_SOURCE_PARTS; i++)
		hash = XXH3_64bits_withSeed(source->parts[i].len ? source->parts[i].ptr : "",
			source->parts[i].len, hash + i);
	return hash;
}

/* What is behind a prefix keeps the name that rules use. */
static bool is_under_prefix(struct slice name, struct slice field)
{
	return name.len > field.len && name.ptr[name.len - field.len - 1] == '.' &&
	       slice_eq(slice_from(name, name.len - field.len), field);
}

static void find_delivery(struct making *making, unsigned number, struct asked_field *asked)
{
	struct slice names[PIPELINE_NAMES_MAX];
	size_t n = rule_set_names(
		making->set, making->rule, number, &making->report->arena, names);

	asked->name = names[0];
	for (size_t i = 0; i < n && asked->delivery != FIELD_BY_PARSERS; i++) {
		size_t open = slice_find(names[i], '[');

		if (field_by_name(slice_head(names[i], open)) != FIELD_NONE) {
			asked->as = names[i];
			asked->delivery = FIELD_BY_PARSERS;
		} else if (asked->delivery == FIELD_BY_NONE &&
			   is_under_prefix(names[i], names[0])) {
			asked->as = names[i];
			asked->delivery = FIELD_BY_PRODUCT;
		}
	}
}

static struct asked_field *add_row(struct making *making)
{
	struct field_report *report = making->report;

	if (report->n == report->room) {
		report->room = report->room ? 2 * report->room : 256;
		report->fields =
			realloc(report->fields, report->room * sizeof(*report->fields));
		making->last_of_row = realloc(
			making->last_of_row, report->room * sizeof(*making->last_of_row));
		if (report->fields == NULL || making->last_of_row == NULL)
			abort();
	}
	making->last_of_row[report->n] = 0;
	report->fields[report->n] = (struct asked_field){0};
	return &report->fields[report->n++];
}

static void count_field(struct making *making, unsigned number)
{
	const struct sigma_rule *rules;
	struct slice name;
	uint64_t key;
	uint32_t *row;

	if (number == FIELD_NUMBER_ANY)
		return;
	rule_set_rules(making->set, &rules);
	name = rule_set_field(making->set, number);
	key = hash_of(&rules[making->rule].source, name);
	row = table_put(&making->rows, &key, NULL);
	if (row == NULL)
		return;
	if (*row == 0) {
		struct asked_field *asked = add_row(making);

		*row = (uint32_t)making->report->n;
		asked->source = &rules[making->rule].source;
		find_delivery(making, number, asked);
	}
	if (making->last_of_row[*row - 1] == making->rule + 1)
		return;
	making->last_of_row[*row - 1] = making->rule + 1;
	making->report->fields[*row - 1].n_rules++;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void count_expression(struct making *making, const struct expression *expression)
{
	if (expression->kind == EXPRESSION_ATOM) {
		count_field(making, expression->atom.field);
		if (expression->atom.test == ATOM_FIELD)
			count_field(making, expression->atom.other.field);
		return;
	}
	for (unsigned i = 0; i < expression->n_parts; i++)
		count_expression(making, expression->parts[i]);
}

static int compare_texts(struct slice a, struct slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_source(const void *a, const void *b)
{
	const struct asked_field *one = a, *two = b;
	int order;

	for (size_t i = 0; i < LOG_SOURCE_PARTS; i++) {
		order = compare_texts(one->source->parts[i], two->source->parts[i]);
		if (order != 0)
			return order;
	}
	if (one->n_rules != two->n_rules)
		return one->n_rules > two->n_rules ? -1 : 1;
	return compare_texts(one->name, two->name);
}

void field_report_make(struct field_report *report, const struct rule_set *set)
{
	struct making making = {.report = report, .set = set};
	const struct sigma_rule *rules;
	size_t n = rule_set_rules(set, &rules);

	*report = (struct field_report){0};
	arena_init(&report->arena, REPORT_MEMORY_MAX);
	table_init(&making.rows, sizeof(uint64_t), sizeof(uint32_t), REPORT_FIELDS_MAX);
	for (making.rule = 0; making.rule < n; making.rule++) {
		if (rules[making.rule].expression != NULL)
			count_expression(&making, rules[making.rule].expression);
	}
	table_done(&making.rows);
	free(making.last_of_row);
	if (report->n > 0)
		qsort(report->fields, report->n, sizeof(*report->fields), by_source);
}

void field_report_done(struct field_report *report)
{
	free(report->fields);
	arena_done(&report->arena);
}
