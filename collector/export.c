#include "collector/export.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/normalize/own/folder.h"
#include "collector/normalize/parser.h"
#include "collector/record/encode.h"
#include "collector/settings.h"
#include "collector/store/store.h"
#include "common/cli/arguments.h"
#include "common/frame.h"
#include "common/json.h"
#include "common/utf8.h"

enum {
	EXIT_LOST = 3,
	ARENA_MAX = 32 << 20,
	LINE_MAX_BYTES = 64 << 20,
};

struct exporter {
	struct store_reader *reader;
	struct store_block block;
	struct arena arena;
	struct strbuf record, line;
	const struct own_formats *formats; /* for their names; NULL = not known */
	uint64_t lost;                     /* records, damaged ones among them */
};

/* ---- lines ------------------------------------------------------------------ */

static void put_stream(struct json *json, const struct stream *stream)
{
	char epoch[17];

	snprintf(epoch, sizeof(epoch), "%016" PRIx64, stream->epoch);
	json_key(json, SLICE_LIT("stream"));
	json_object(json);
	json_put_u64(json, "agency", stream->agency);
	json_put_u64(json, "host", stream->host);
	json_put_u64(json, "lane", stream->lane);
	json_put_str(json, "epoch", epoch);
	json_object_end(json);
}

static struct json begin_line(struct exporter *exporter, const char *kind)
{
	struct json json;

	strbuf_reset(&exporter->line);
	json = json_into(&exporter->line);
	json_object(&json);
	if (exporter->block.commit != 0)
		json_put_u64(&json, "commit", exporter->block.commit);
	json_put_u64(&json, "class", exporter->block.class);
	json_put_str(&json, "kind", kind);
	return json;
}

static bool end_line(struct exporter *exporter, struct json *json, struct err *err)
{
	struct strbuf *line = &exporter->line;

	json_object_end(json);
	strbuf_add_byte(line, '\n');
	if (line->overflow)
		return err_set(err, "a record grew beyond %d bytes of JSON", LINE_MAX_BYTES);
	if (fwrite(line->ptr, 1, line->len, stdout) != line->len)
		return err_sys(err, "writing");
	return true;
}

static void put_hex(struct json *json, struct slice bytes)
{
	struct strbuf hex = STRBUF_INIT(LINE_MAX_BYTES);

	for (size_t i = 0; i < bytes.len; i++)
		strbuf_addf(&hex, "%02x", (unsigned char)bytes.ptr[i]);
	json_put_text(json, "original_hex", strbuf_slice(&hex));
	strbuf_done(&hex);
}

static void put_record(
	struct exporter *exporter, struct json *json, const struct record *record)
{
	const struct parser *parser = own_formats_by_number(exporter->formats, record->parser);

	if (parser == NULL)
		parser = parser_by_number(record->parser);

	if (!utf8_valid(record->raw))
		put_hex(json, record->raw);
	strbuf_reset(&exporter->record);
	encode_json(&exporter->record, record, slice_str(parser ? parser->name : NULL));
	json_key(json, SLICE_LIT("record"));
	json_raw(json, strbuf_slice(&exporter->record));
}

static bool write_record(struct exporter *exporter, unsigned i, struct err *err)
{
	const struct store_block *block = &exporter->block;
	const struct columns *columns = &block->columns[i];
	struct slice body = store_reader_body(exporter->reader, i);
	struct record record;

	arena_reset(&exporter->arena);
	bool whole =
		!slice_absent(body) && decode_record(body, columns, &exporter->arena, &record);
	struct json json = begin_line(exporter,
		whole ? record_kind_name((enum record_kind)columns->kind) : "damaged");
	put_stream(&json, &block->streams[columns->stream]);
	json_put_u64(&json, "sequence", columns->sequence);
	if (whole) {
		if (columns->source < block->n_sources)
			record.source = &block->sources[columns->source];
		put_record(exporter, &json, &record);
	} else {
		exporter->lost++;
	}
	return end_line(exporter, &json, err);
}

static bool write_gap(
	struct exporter *exporter, const struct store_block_gap *gap, struct err *err)
{
	struct json json = begin_line(exporter, "gap");

	put_stream(&json, &gap->stream);
	json_put_u64(&json, "sequence", gap->first);
	json_put_u64(&json, "count", gap->count);
	json_put_str(&json, "reason", gap_reason_text((enum gap_reason)gap->reason));
	json_put_u64(&json, "bytes", gap->bytes);
	json_put_text(&json, "source", gap->source);
	return end_line(exporter, &json, err);
}

static bool write_block(struct exporter *exporter, struct err *err)
{
	for (unsigned i = 0; i < exporter->block.n_records; i++) {
		if (!write_record(exporter, i, err))
			return false;
	}
	for (unsigned i = 0; i < exporter->block.n_gaps; i++) {
		if (!write_gap(exporter, &exporter->block.gaps[i], err))
			return false;
	}
	return true;
}

static bool write_lost(struct exporter *exporter, struct err *err)
{
	exporter->block.commit = 0;
	struct json json = begin_line(exporter, "lost");

	json_put_u64(&json, "first", exporter->block.first);
	json_put_u64(&json, "records", exporter->block.n_records);
	exporter->lost += exporter->block.n_records;
	return end_line(exporter, &json, err);
}

static bool write_all(struct exporter *exporter, struct err *err)
{
	for (;;) {
		bool good = true;

		switch (store_reader_next(exporter->reader, &exporter->block, err)) {
		case STORE_BLOCK:
			good = write_block(exporter, err);
			break;
		case STORE_LOST:
			good = write_lost(exporter, err);
			break;
		case STORE_COMMIT:
			break;
		case STORE_END:
			return fflush(stdout) == 0 || err_sys(err, "writing");
		case STORE_READ_FAILED:
			return false;
		}
		if (!good)
			return false;
	}
}

/* ---- the command ------------------------------------------------------------ */

static int export_dir(const char *dir, const struct own_formats *formats, uint64_t from)
{
	struct err err;
	struct exporter exporter = {
		.formats = formats,
		.reader = store_reader_open_dir(dir, from, &err),
		.record = STRBUF_INIT(LINE_MAX_BYTES),
		.line = STRBUF_INIT(LINE_MAX_BYTES),
	};

	arena_init(&exporter.arena, ARENA_MAX);
	bool good = exporter.reader != NULL && write_all(&exporter, &err);
	if (!good)
		fprintf(stderr, "soc-collector: export: %s\n", err.text);
	else if (exporter.lost > 0)
		fprintf(stderr, "soc-collector: export: %" PRIu64 " records are lost\n",
			exporter.lost);
	store_reader_close(exporter.reader);
	arena_done(&exporter.arena);
	strbuf_done(&exporter.record);
	strbuf_done(&exporter.line);
	if (!good)
		return EXIT_FAILED;
	return exporter.lost > 0 ? EXIT_LOST : EXIT_DONE;
}

/* Of the store the settings name. */
static int export_configured(const char *config, uint64_t from)
{
	struct collector_settings settings;
	struct conf *conf = collector_settings_load(config, &settings);

	if (conf == NULL)
		return EXIT_FAILED;
	struct strbuf words =
		STRBUF_INIT(1 << 20); /* what is wrong concerns no stored record */
	struct own_formats *formats = own_formats_load(settings.parsers, NULL, &words);
	int status = export_dir(settings.store.dir, formats, from);
	own_formats_free(formats);
	strbuf_done(&words);
	conf_free(conf);
	return status;
}

static int run_export(const struct arguments *arguments)
{
	const char *config = arguments_text(arguments, "config");
	const char *dir = arguments_text(arguments, "store");
	const char *from = arguments_text(arguments, "from");
	uint64_t position;

	if ((config == NULL) == (dir == NULL)) {
		fputs("soc-collector export: one of --config and --store is needed\n", stderr);
		return EXIT_USAGE;
	}
	if (!slice_to_u64(slice_str(from), UINT64_MAX, &position)) {
		fprintf(stderr, "soc-collector export: --from %s: not a position\n", from);
		return EXIT_USAGE;
	}
	return config != NULL ? export_configured(config, position)
			      : export_dir(dir, NULL, position);
}

static const struct option_spec export_options[] = {
	{.name = "config",
		.letter = 'c',
		.value = "FILE",
		.help = "the collector's settings name the store"},
	{.name = "store", .value = "DIR", .help = "the store's folder"},
	{.name = "from",
		.value = "POSITION",
		.help = "only commits behind this one (\"commit\" of a line)",
		.standard = "0"},
	{0},
};

const struct command export_commands[] = {
	{.name = "export",
		.summary = "what the store holds, one JSON object a line",
		.details =
			"Writes records and gaps in the order they were stored, also beside a "
			"running\n"
			"collector.\n"
			"Exit status: 0 all, 1 reading or writing failed, 2 not understood,\n"
			"3 everything readable was written and something is lost.",
		.options = export_options,
		.run = run_export},
	{0},
};
