#include "agent/scan/hit_json.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/utf8.h"

enum {
	PATH_BYTES_MAX = 4096,
	NAME_BYTES_MAX = 64, /* of a user or group */
	CUTS_MAX = 8,
	INTEGER_BITS = 53, /* what every JSON reader holds exactly */
};

/* What an item gives up to fit, in this order. */
enum thrift {
	THRIFT_NONE,
	THRIFT_STRINGS,
	THRIFT_META,
	THRIFT_TAGS,
	THRIFT_ALL,
	THRIFT_LEVELS
};

/* Those the collector reads; they stay when the others must go. */
static const char *const kept_metas[] = {
	"malware", "type", "behavior", "severity", "id", "author", "reference", "description"};

struct writer {
	struct json json;
	enum thrift thrift;
	const char *cuts[CUTS_MAX]; /* names of fields that were cut */
	unsigned n_cuts;
};

static void note_cut(struct writer *writer, const char *field)
{
	for (unsigned i = 0; i < writer->n_cuts; i++) {
		if (strcmp(writer->cuts[i], field) == 0)
			return;
	}
	if (writer->n_cuts < CUTS_MAX)
		writer->cuts[writer->n_cuts++] = field;
}

static void put_text(struct writer *writer, const char *field, struct slice text, size_t max)
{
	if (text.len == 0)
		return;
	if (text.len > max)
		note_cut(writer, field);
	json_put_text(&writer->json, field, utf8_head(text, max));
}

static void put_decimal(struct writer *writer, const char *field, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	json_put_str(&writer->json, field, text);
}

static void put_hex(struct writer *writer, const char *field, struct slice bytes)
{
	struct strbuf hex = STRBUF_INIT(2 * bytes.len);

	for (size_t i = 0; i < bytes.len; i++)
		strbuf_addf(&hex, "%02x", (unsigned char)bytes.ptr[i]);
	json_put_text(&writer->json, field, strbuf_slice(&hex));
	strbuf_done(&hex);
}

static void put_time(struct writer *writer, const char *field, struct timespec time)
{
	char text[CLOCK_TEXT_MAX];
	const int64_t seconds_max = INT64_MAX / CLOCK_NS_PER_S - 1;

	if (time.tv_sec > seconds_max || time.tv_sec < -seconds_max)
		return; /* file systems hold years that nobody meant */
	json_put_str(&writer->json, field,
		clock_format_utc(time.tv_sec * CLOCK_NS_PER_S + time.tv_nsec, 9, text));
}

/* ---- parts of both forms -------------------------------------------------------------- */

static void put_tags(struct writer *writer, const struct hit *hit)
{
	if (hit->n_tags == 0)
		return;
	json_key(&writer->json, SLICE_LIT("tags"));
	json_array(&writer->json);
	for (unsigned i = 0; i < hit->n_tags; i++)
		json_text(&writer->json, hit->tags[i]);
	json_array_end(&writer->json);
}

static bool is_kept_meta(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(kept_metas); i++) {
		if (slice_eq(name, slice_str(kept_metas[i])))
			return true;
	}
	return false;
}

/* A rule may say a name twice; an object may not. */
static bool is_first_of_name(const struct hit *hit, unsigned at)
{
	for (unsigned i = 0; i < at; i++) {
		if (slice_eq(hit->metas[i].name, hit->metas[at].name))
			return false;
	}
	return true;
}

static void put_integer(struct json *json, int64_t value)
{
	const int64_t most = (INT64_C(1) << INTEGER_BITS) - 1;
	char text[24];

	if (value >= -most && value <= most) {
		json_i64(json, value);
		return;
	}
	snprintf(text, sizeof(text), "%" PRId64, value);
	json_text(json, slice_str(text));
}

static void put_meta(struct json *json, const struct hit_meta *meta)
{
	json_key(json, meta->name);
	switch (meta->kind) {
	case META_TEXT:
	case META_KINDS:
		json_text(json, utf8_head(meta->text, HIT_TEXT_MAX));
		break;
	case META_INTEGER:
		put_integer(json, meta->integer);
		break;
	case META_FLAG:
		json_bool(json, meta->integer != 0);
		break;
	}
}

static void put_metas(struct writer *writer, const char *field, const struct hit *hit)
{
	if (hit->n_metas == 0)
		return;
	json_key(&writer->json, slice_str(field));
	json_object(&writer->json);
	for (unsigned i = 0; i < hit->n_metas; i++) {
		if (!is_first_of_name(hit, i) ||
			(writer->thrift >= THRIFT_META && !is_kept_meta(hit->metas[i].name)))
			note_cut(writer, field);
		else
			put_meta(&writer->json, &hit->metas[i]);
	}
	json_object_end(&writer->json);
}

static void put_strings(struct writer *writer, const char *field, const struct hit *hit)
{
	if (hit->n_strings == 0)
		return;
	json_key(&writer->json, slice_str(field));
	json_array(&writer->json);
	for (unsigned i = 0; i < hit->n_strings; i++) {
		json_object(&writer->json);
		json_put_text(&writer->json, "name", hit->strings[i].name);
		json_put_u64(&writer->json, "offset", hit->strings[i].offset);
		json_put_u64(&writer->json, "length", hit->strings[i].length);
		json_object_end(&writer->json);
	}
	json_array_end(&writer->json);
}

static void put_sum(struct writer *writer, const char *field, const unsigned char *sha256)
{
	if (sha256 != NULL)
		put_hex(writer, field, slice_of(sha256, SHA256_SIZE));
}

static void put_mode(struct writer *writer, const char *field, mode_t mode)
{
	char text[8];

	snprintf(text, sizeof(text), "%04o", (unsigned)mode & 07777U);
	json_put_str(&writer->json, field, text);
}

static void put_cuts(struct writer *writer, const char *field)
{
	if (writer->n_cuts == 0)
		return;
	json_key(&writer->json, slice_str(field));
	json_array(&writer->json);
	for (unsigned i = 0; i < writer->n_cuts; i++)
		json_text(&writer->json, slice_str(writer->cuts[i]));
	json_array_end(&writer->json);
}

/* ---- the item --------------------------------------------------------------------------- */

static void put_file(struct writer *writer, const struct scan_object *object)
{
	const struct stat *st = object->st;
	struct slice path = utf8_head(object->path, PATH_BYTES_MAX);

	put_text(writer, "file.path", object->path, PATH_BYTES_MAX);
	if (!utf8_valid(path))
		put_hex(writer, "soc.file.path_hex", path);
	json_put_u64(&writer->json, "file.size", (uint64_t)st->st_size);
	put_sum(writer, "file.hash.sha256", object->sha256);
	put_text(writer, "file.owner", slice_str(object->owner), NAME_BYTES_MAX);
	put_decimal(writer, "file.uid", st->st_uid);
	put_text(writer, "file.group", slice_str(object->group), NAME_BYTES_MAX);
	put_decimal(writer, "file.gid", st->st_gid);
	put_mode(writer, "file.mode", st->st_mode);
	put_time(writer, "file.mtime", st->st_mtim);
	put_time(writer, "file.ctime", st->st_ctim);
	put_decimal(writer, "file.inode", st->st_ino);
	put_decimal(writer, "file.device", st->st_dev);
}

static void note_lists_cut(struct writer *writer, const struct hit *hit)
{
	if (hit->cut & HIT_CUT_TAGS || writer->thrift >= THRIFT_TAGS)
		note_cut(writer, "tags");
	if (hit->cut & HIT_CUT_META || writer->thrift >= THRIFT_ALL)
		note_cut(writer, "soc.yara.meta");
	if (hit->cut & HIT_CUT_STRINGS || writer->thrift >= THRIFT_STRINGS)
		note_cut(writer, "soc.yara.strings");
}

static void write_item(struct writer *writer, const struct hit_origin *origin,
	const struct scan_object *object, const struct hit *hit)
{
	json_object(&writer->json);
	json_put_text(&writer->json, "rule.name", hit->rule);
	put_text(writer, "rule.ruleset", hit->ruleset, HIT_NAME_MAX);
	if (writer->thrift < THRIFT_TAGS)
		put_tags(writer, hit);
	if (writer->thrift < THRIFT_ALL)
		put_metas(writer, "soc.yara.meta", hit);
	if (writer->thrift < THRIFT_STRINGS)
		put_strings(writer, "soc.yara.strings", hit);
	json_put_id(&writer->json, "soc.yara.rules", origin->rules_version);
	put_file(writer, object);
	json_put_id(&writer->json, "soc.scan.id", origin->scan_id);
	json_put_str(&writer->json, "soc.scan.reason", origin->reason);
	note_lists_cut(writer, hit);
	put_cuts(writer, "soc.cut");
	json_object_end(&writer->json);
}

void hit_json_item(struct strbuf *out, const struct hit_origin *origin,
	const struct scan_object *object, const struct hit *hit)
{
	for (enum thrift thrift = THRIFT_NONE; thrift < THRIFT_LEVELS; thrift++) {
		struct writer writer = {.json = json_into(out), .thrift = thrift};

		strbuf_reset(out);
		write_item(&writer, origin, object, hit);
		if (out->len <= HIT_ITEM_MAX && !out->overflow)
			return;
	}
}

/* ---- the line -----------------------------------------------------------------------------
 */

void hit_json_line(struct strbuf *out, const struct scan_object *object, const struct hit *hit)
{
	struct writer writer = {.json = json_into(out)};
	struct json *json = &writer.json;

	json_object(json);
	json_put_text(json, "rule", hit->rule);
	json_put_text(json, "path", object->path);
	if (!utf8_valid(object->path))
		put_hex(&writer, "path_hex", object->path);
	json_put_text(json, "ruleset", hit->ruleset);
	put_tags(&writer, hit);
	put_metas(&writer, "meta", hit);
	put_strings(&writer, "strings", hit);
	json_put_u64(json, "size", (uint64_t)object->st->st_size);
	put_sum(&writer, "sha256", object->sha256);
	put_text(&writer, "owner", slice_str(object->owner), NAME_BYTES_MAX);
	put_mode(&writer, "mode", object->st->st_mode);
	put_time(&writer, "mtime", object->st->st_mtim);
	json_object_end(json);
}
