#include "collector/national/types/statistics_rules.h"

#include <openssl/evp.h>

#include "collector/national/message.h"
#include "collector/national/types/statistics_body.h"
#include "common/clock.h"
#include "common/table.h"

static const struct {
	const char *name;
	enum window_kind kind;
} kinds[] = {{"5m", WINDOW_5M}, {"1h", WINDOW_HOUR}, {"1d", WINDOW_DAY}};

static yyjson_val *get(yyjson_val *object, const char *name)
{
	return yyjson_obj_get(object, name);
}

static struct slice text(yyjson_val *object, const char *name)
{
	return json_file_text(get(object, name));
}

struct rules {
	const struct json_file *file;
	struct mistakes *mistakes;
	yyjson_val *root;
};

/* At the key of a member of `object`; places nobody will read are not searched for. */
static struct pos at_member(const struct rules *rules, yyjson_val *object, const char *name)
{
	yyjson_obj_iter members = yyjson_obj_iter_with(object);
	yyjson_val *key;

	while (rules->mistakes->n < MISTAKES_MAX &&
		(key = yyjson_obj_iter_next(&members)) != NULL) {
		if (yyjson_equals_str(key, name))
			return json_file_at(rules->file, key);
	}
	return (struct pos){0};
}

/* ---- window, key, id -------------------------------------------------------------- */

/* A time with an offset; false when there is no such moment. */
static bool read_time(struct slice written, int64_t *ns, int32_t *offset_seconds)
{
	size_t used, used_without;
	int64_t local_ns;

	if (!clock_parse_iso(written, 0, ns, &used) || used != written.len ||
		!clock_parse_iso(
			slice_head(written, written.len - 6), 0, &local_ns, &used_without))
		return false;
	*offset_seconds = (int32_t)((local_ns - *ns) / CLOCK_NS_PER_S);
	return true;
}

static bool is_window(yyjson_val *window, int64_t start_ns, int64_t end_ns, int32_t offset)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct window whole = window_at(kinds[i].kind, start_ns, offset);

		if (slice_eq(text(window, "kind"), slice_str(kinds[i].name)))
			return whole.start_ns == start_ns && whole.end_ns == end_ns;
	}
	return false;
}

static bool check_window(const struct rules *rules, int64_t *start_ns)
{
	yyjson_val *window = get(rules->root, "window");
	int32_t start_offset, end_offset, created_offset;
	int64_t end_ns, created_ns;

	if (!read_time(text(window, "start"), start_ns, &start_offset) ||
		!read_time(text(window, "end"), &end_ns, &end_offset) ||
		!is_window(window, *start_ns, end_ns, start_offset)) {
		mistake_add(rules->mistakes, at_member(rules, rules->root, "window"),
			"start and end are not those of a window of its kind");
		return false;
	}
	if (!read_time(text(rules->root, "created"), &created_ns, &created_offset))
		mistake_add(rules->mistakes, at_member(rules, rules->root, "created"),
			"there is no such moment");
	return true;
}

static void check_key(const struct rules *rules, int64_t start_ns)
{
	struct strbuf province = STRBUF_INIT(16), key = STRBUF_INIT(STATISTICS_KEY_MAX);
	struct slice whose = text(rules->root, "organ_id");

	strbuf_add(&province, text(rules->root, "province_code"));
	statistics_key(&key, strbuf_cstr(&province),
		slice_absent(whose) ? SLICE_LIT("manifest") : whose,
		text(get(rules->root, "window"), "kind"), start_ns);
	if (!slice_eq(strbuf_slice(&key), text(rules->root, "key")))
		mistake_add(rules->mistakes, at_member(rules, rules->root, "key"),
			"the key is not the one of its parts: %s",
			MISTAKE_TEXT(strbuf_slice(&key)));
	strbuf_done(&key);
	strbuf_done(&province);
}

static void check_id(const struct rules *rules)
{
	char uuid[MESSAGE_UUID_MAX];

	message_uuid(
		text(rules->root, "key"), yyjson_get_uint(get(rules->root, "revision")), uuid);
	if (!slice_eq(text(rules->root, "msg_id"), slice_str(uuid)))
		mistake_add(rules->mistakes, at_member(rules, rules->root, "msg_id"),
			"the id is not the one of key and revision: %s", uuid);
}

/* ---- rows ------------------------------------------------------------------------- */

enum { ROWS_MAX = 1 << 20, DIGEST_SIZE = 32 };

/* The digest of the members that tell rows apart. */
static void digest_row(
	yyjson_val *row, const char *const *names, unsigned char digest[DIGEST_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	for (; *names != NULL; names++) {
		yyjson_val *value = get(row, *names);
		struct slice word = json_file_text(value);
		uint64_t number = yyjson_get_uint(value);

		EVP_DigestUpdate(context, &word.len, sizeof(word.len));
		EVP_DigestUpdate(context, word.ptr, word.len);
		EVP_DigestUpdate(context, &number, sizeof(number));
	}
	EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
}

static void check_rows(const struct rules *rules, yyjson_val *owner, const char *list,
	const char *const *names)
{
	yyjson_arr_iter rows = yyjson_arr_iter_with(get(owner, list));
	yyjson_val *row;
	struct table seen;

	table_init(&seen, DIGEST_SIZE, 0, ROWS_MAX);
	while ((row = yyjson_arr_iter_next(&rows)) != NULL) {
		unsigned char digest[DIGEST_SIZE];
		bool is_new = true;

		digest_row(row, names, digest);
		if (table_put(&seen, digest, &is_new) != NULL && !is_new)
			mistake_add(rules->mistakes, at_member(rules, row, names[0]),
				"a row for the same thing stands twice");
	}
	table_done(&seen);
}

static void check_agency(const struct rules *rules)
{
	static const char *const count_names[] = {
		"class", "system_level", "severity", "status", NULL};
	static const char *const malware_names[] = {"name", "type", NULL};

	check_rows(rules, get(rules->root, "counts"), "rows", count_names);
	check_rows(rules, get(rules->root, "malware"), "rows", malware_names);
}

static const char *const summed[] = {"events", "findings", "hits", "records"};

static void check_total(const struct rules *rules, const char *name)
{
	yyjson_val *agencies = get(rules->root, "agencies");
	yyjson_arr_iter rows = yyjson_arr_iter_with(agencies);
	uint64_t sum = yyjson_get_uint(get(get(rules->root, "unlisted"), name));
	yyjson_val *totals = get(rules->root, "totals"), *row;

	while ((row = yyjson_arr_iter_next(&rows)) != NULL)
		sum += yyjson_get_uint(get(row, name));
	if (yyjson_get_uint(get(totals, name)) != sum)
		mistake_add(rules->mistakes, at_member(rules, totals, name),
			"the total of %s is not the sum, %llu", name, (unsigned long long)sum);
}

static void check_manifest(const struct rules *rules)
{
	static const char *const names[] = {"organ_id", NULL};
	yyjson_val *totals = get(rules->root, "totals");
	uint64_t agencies = yyjson_arr_size(get(rules->root, "agencies")) +
			    yyjson_get_uint(get(get(rules->root, "unlisted"), "agencies"));

	check_rows(rules, rules->root, "agencies", names);
	for (size_t i = 0; i < ARRAY_LEN(summed); i++)
		check_total(rules, summed[i]);
	if (yyjson_get_uint(get(totals, "agencies")) != agencies)
		mistake_add(rules->mistakes, at_member(rules, totals, "agencies"),
			"there are %llu agencies", (unsigned long long)agencies);
}

void statistics_rules(const struct json_file *file, struct mistakes *mistakes)
{
	const struct rules rules = {file, mistakes, json_file_root(file)};
	int64_t start_ns;

	if (check_window(&rules, &start_ns))
		check_key(&rules, start_ns);
	check_id(&rules);
	if (slice_eq(text(rules.root, "kind"), SLICE_LIT("manifest")))
		check_manifest(&rules);
	else
		check_agency(&rules);
}
