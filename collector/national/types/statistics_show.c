/* statistics_show - the statistics message (M3) as tables for people */

#include <inttypes.h>

#include "collector/national/json_file.h"
#include "collector/national/shown.h"
#include "collector/national/types/types.h"

static yyjson_val *get(yyjson_val *object, const char *name)
{
	return yyjson_obj_get(object, name);
}

static uint64_t number(yyjson_val *object, const char *name)
{
	return yyjson_get_uint(get(object, name));
}

static struct slice text(yyjson_val *object, const char *name)
{
	return json_file_text(get(object, name));
}

/* For one use inside a printf(). */
#define TEXT(object, name) SHOWN(text((object), (name)))

static void show_counts(yyjson_val *counts, FILE *out)
{
	yyjson_arr_iter rows = yyjson_arr_iter_with(get(counts, "rows"));
	yyjson_val *row;

	if (yyjson_arr_size(get(counts, "rows")) == 0) {
		fputs("  attacks   none\n", out);
		return;
	}
	fputs("  attacks   level  class                     severity  status      "
	      "events  findings  hosts\n",
		out);
	while ((row = yyjson_arr_iter_next(&rows)) != NULL)
		fprintf(out,
			"            %5" PRIu64 "  %-24s  %-8s  %-8s  %8" PRIu64 "  %8" PRIu64
			"  %5" PRIu64 "\n",
			number(row, "system_level"), TEXT(row, "class"), TEXT(row, "severity"),
			TEXT(row, "status"), number(row, "events"), number(row, "findings"),
			number(row, "hosts"));
}

static void show_malware(yyjson_val *malware, FILE *out)
{
	yyjson_arr_iter rows = yyjson_arr_iter_with(get(malware, "rows"));
	yyjson_val *row;

	if (yyjson_arr_size(get(malware, "rows")) == 0) {
		fputs("  malware   none\n", out);
		return;
	}
	fputs("  malware   name                              type                "
	      "hits  hosts  files\n",
		out);
	while ((row = yyjson_arr_iter_next(&rows)) != NULL)
		fprintf(out,
			"            %-32s  %-16s  %6" PRIu64 "  %5" PRIu64 "  %5" PRIu64 "\n",
			TEXT(row, "name"), TEXT(row, "type"), number(row, "hits"),
			number(row, "hosts"), number(row, "files"));
	if (number(get(malware, "omitted"), "names") > 0)
		fprintf(out, "            and %" PRIu64 " names more: %" PRIu64 " hits\n",
			number(get(malware, "omitted"), "names"),
			number(get(malware, "omitted"), "hits"));
}

static bool is_countable(yyjson_val *value)
{
	return yyjson_is_num(value) || yyjson_is_null(value);
}

/* All numbers of a block on one line, then their unit. */
static void show_block(yyjson_val *root, const char *name, const char *label, FILE *out)
{
	yyjson_val *block = get(root, name), *key;
	yyjson_obj_iter members = yyjson_obj_iter_with(block);
	struct shown_list list = {.out = out, .indent = 12, .column = 12};
	char digits[24];

	fprintf(out, "  %-9s ", label);
	while ((key = yyjson_obj_iter_next(&members)) != NULL) {
		yyjson_val *value = yyjson_obj_iter_get_val(key);

		snprintf(digits, sizeof(digits), "%" PRIu64, yyjson_get_uint(value));
		if (is_countable(value))
			shown_add(&list, json_file_text(key),
				slice_str(yyjson_is_null(value) ? "unknown" : digits));
	}
	if (!slice_absent(text(block, "unit")))
		fprintf(out, " (%s)", TEXT(block, "unit"));
	shown_end(&list);
}

static void show_agencies(yyjson_val *root, FILE *out)
{
	yyjson_arr_iter rows = yyjson_arr_iter_with(get(root, "agencies"));
	yyjson_val *row;

	fputs("  agencies  identifier              events  findings    hits     records  "
	      "name\n",
		out);
	while ((row = yyjson_arr_iter_next(&rows)) != NULL)
		fprintf(out,
			"            %-20s  %8" PRIu64 "  %8" PRIu64 "  %6" PRIu64
			"  %10" PRIu64 "  %s\n",
			TEXT(row, "organ_id"), number(row, "events"), number(row, "findings"),
			number(row, "hits"), number(row, "records"), TEXT(row, "organ_name"));
	show_block(root, "unlisted", "unlisted", out);
	show_block(root, "totals", "totals", out);
}

static void show_head(yyjson_val *root, FILE *out)
{
	yyjson_val *window = get(root, "window");

	fprintf(out, "statistics (M3), %s\n", TEXT(root, "kind"));
	fprintf(out, "  province  %s\n", TEXT(root, "province_code"));
	if (!slice_absent(text(root, "organ_id")))
		fprintf(out, "  agency    %s  %s\n", TEXT(root, "organ_id"),
			TEXT(root, "organ_name"));
	fprintf(out, "  window    %s, %s to %s\n", TEXT(window, "kind"), TEXT(window, "start"),
		TEXT(window, "end"));
	fprintf(out, "  key       %s\n", TEXT(root, "key"));
	fprintf(out, "  revision  %" PRIu64 ", made %s\n", number(root, "revision"),
		TEXT(root, "created"));
}

static void show_agency(yyjson_val *root, FILE *out)
{
	show_counts(get(root, "counts"), out);
	show_malware(get(root, "malware"), out);
	show_block(root, "agents", "agents", out);
	show_block(root, "quality", "quality", out);
	show_block(root, "unparsed_share", "unparsed", out);
	show_block(root, "gaps", "gaps", out);
	show_block(root, "clock", "clock", out);
}

bool statistics_show(struct slice body, FILE *out, struct err *err)
{
	struct strbuf wrong = STRBUF_INIT(ERR_TEXT_MAX);
	struct mistakes mistakes = mistakes_into(&wrong, "message");
	struct json_file *file = json_file_read(body, &mistakes);

	if (file != NULL) {
		yyjson_val *root = json_file_root(file);

		show_head(root, out);
		if (yyjson_equals_str(get(root, "kind"), "manifest"))
			show_agencies(root, out);
		else
			show_agency(root, out);
	} else {
		err_set(err, "%s", strbuf_cstr(&wrong));
	}
	json_file_free(file);
	strbuf_done(&wrong);
	return file != NULL;
}
