/* statistics_show - the statistics message (M3) as tables for people */

#include <inttypes.h>

#include "collector/national/json_file.h"
#include "collector/national/types/types.h"

static yyjson_val *get(yyjson_val *object, const char *name)
{
	return yyjson_obj_get(object, name);
}

static uint64_t number(yyjson_val *object, const char *name)
{
	return yyjson_get_uint(get(object, name));
}

/* Any text, escaped for a terminal. */
static const char *quoted(struct mistake_quote *quote, yyjson_val *object, const char *name)
{
	struct slice text = json_file_text(get(object, name));

	return mistake_text(quote, slice_absent(text) ? SLICE_LIT("") : text);
}

#define QUOTED(object, name) quoted(&(struct mistake_quote){0}, (object), (name))

static void show_counts(yyjson_val *counts, FILE *out)
{
	yyjson_arr_iter rows = yyjson_arr_iter_with(get(counts, "rows"));
	yyjson_val *row;

	fprintf(out, "attacks:%s\n", yyjson_arr_size(get(counts, "rows")) ? "" : " none");
	while ((row = yyjson_arr_iter_next(&rows)) != NULL)
		fprintf(out,
			"  level %" PRIu64 "  %-24s %-10s %-10s %8" PRIu64 " events %6" PRIu64
			" findings %6" PRIu64 " hosts\n",
			number(row, "system_level"), QUOTED(row, "class"),
			QUOTED(row, "severity"), QUOTED(row, "status"), number(row, "events"),
			number(row, "findings"), number(row, "hosts"));
}

static void show_malware(yyjson_val *malware, FILE *out)
{
	yyjson_arr_iter rows = yyjson_arr_iter_with(get(malware, "rows"));
	yyjson_val *row;

	fprintf(out, "malware:%s\n", yyjson_arr_size(get(malware, "rows")) ? "" : " none");
	while ((row = yyjson_arr_iter_next(&rows)) != NULL)
		fprintf(out,
			"  %-32s %-16s %8" PRIu64 " hits %6" PRIu64 " hosts %6" PRIu64
			" files\n",
			QUOTED(row, "name"), QUOTED(row, "type"), number(row, "hits"),
			number(row, "hosts"), number(row, "files"));
	if (number(get(malware, "omitted"), "names") > 0)
		fprintf(out, "  and %" PRIu64 " names more: %" PRIu64 " hits\n",
			number(get(malware, "omitted"), "names"),
			number(get(malware, "omitted"), "hits"));
}

/* All numbers of a block on one line. */
static void show_block(yyjson_val *root, const char *name, FILE *out)
{
	yyjson_obj_iter members = yyjson_obj_iter_with(get(root, name));
	const char *between = "";
	yyjson_val *key;

	fprintf(out, "%s:", name);
	while ((key = yyjson_obj_iter_next(&members)) != NULL) {
		yyjson_val *value = yyjson_obj_iter_get_val(key);

		if (!yyjson_is_num(value))
			continue;
		fprintf(out, "%s %s %" PRIu64, between, MISTAKE_TEXT(json_file_text(key)),
			yyjson_get_uint(value));
		between = ",";
	}
	fputc('\n', out);
}

static void show_agencies(yyjson_val *root, FILE *out)
{
	yyjson_arr_iter rows = yyjson_arr_iter_with(get(root, "agencies"));
	yyjson_val *row;

	fputs("agencies:\n", out);
	while ((row = yyjson_arr_iter_next(&rows)) != NULL)
		fprintf(out,
			"  %-20s %8" PRIu64 " events %6" PRIu64 " findings %6" PRIu64
			" hits %10" PRIu64 " records  %s\n",
			QUOTED(row, "organ_id"), number(row, "events"), number(row, "findings"),
			number(row, "hits"), number(row, "records"), QUOTED(row, "organ_name"));
	show_block(root, "unlisted", out);
	show_block(root, "totals", out);
}

static void show_head(yyjson_val *root, FILE *out)
{
	yyjson_val *window = get(root, "window");

	fprintf(out, "statistics %s of %s, window %s\n", QUOTED(root, "kind"),
		QUOTED(root, "province_code"), QUOTED(window, "kind"));
	fprintf(out, "from %s to %s\n", QUOTED(window, "start"), QUOTED(window, "end"));
	fprintf(out, "key %s\nrevision %" PRIu64 ", created %s\n", QUOTED(root, "key"),
		number(root, "revision"), QUOTED(root, "created"));
}

static void show_agency(yyjson_val *root, FILE *out)
{
	static const char *const blocks[] = {
		"agents", "quality", "unparsed_share", "gaps", "clock"};

	fprintf(out, "agency %s %s\n", QUOTED(root, "organ_id"), QUOTED(root, "organ_name"));
	show_counts(get(root, "counts"), out);
	show_malware(get(root, "malware"), out);
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		show_block(root, blocks[i], out);
}

bool statistics_show(struct slice body, FILE *out, struct err *err)
{
	struct strbuf text = STRBUF_INIT(ERR_TEXT_MAX);
	struct mistakes mistakes = mistakes_into(&text, "message");
	struct json_file *file = json_file_read(body, &mistakes);

	if (file != NULL) {
		yyjson_val *root = json_file_root(file);

		show_head(root, out);
		if (yyjson_equals_str(get(root, "kind"), "manifest"))
			show_agencies(root, out);
		else
			show_agency(root, out);
	} else {
		err_set(err, "%s", strbuf_cstr(&text));
	}
	json_file_free(file);
	strbuf_done(&text);
	return file != NULL;
}
