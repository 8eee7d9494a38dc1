#include "agent/scan/rules.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/scan/walker.h"
#include "common/file.h"

enum { RULES_DEPTH_MAX = 64 };

static void *must(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static char *copy(struct slice text)
{
	char *to = must(malloc(text.len + 1));

	if (text.len > 0)
		memcpy(to, text.ptr, text.len);
	to[text.len] = '\0';
	return to;
}

void rules_done(struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		free(rules->sources[i].path);
		free(rules->sources[i].name);
		free(rules->sources[i].ruleset);
		free(rules->sources[i].text);
	}
	free(rules->sources);
	*rules = (struct rules){0};
}

void rules_refuse(struct rule_source *source, struct slice reason)
{
	source->refused = true;
	snprintf(source->reason, sizeof(source->reason), "%.*s", SLICE_FMT(reason));
}

void rules_reason(const struct rule_source *source, struct strbuf *out)
{
	struct slice reason = slice_str(source->reason), line;
	struct slice rest = reason;

	strbuf_add_str(out, source->path);
	/* What libyara said of no line in particular has line 0. */
	if (slice_cut(&rest, ':', &line) && slice_eq(line, SLICE_LIT("0")))
		reason = slice_trim(rest);
	else
		strbuf_add_byte(out, ':');
	if (reason.ptr != source->reason)
		strbuf_add_str(out, ": ");
	strbuf_add(out, reason);
}

/* ---- gathering ------------------------------------------------------------------- */

static bool is_rule_name(struct slice path)
{
	return slice_ends(path, SLICE_LIT(".yar")) || slice_ends(path, SLICE_LIT(".yara"));
}

static struct slice without_ending(struct slice name)
{
	for (size_t i = name.len; i > 0 && name.ptr[i - 1] != '/'; i--) {
		if (name.ptr[i - 1] == '.' && i > 1)
			return slice_head(name, i - 1);
	}
	return name;
}

static void read_text(struct rules *rules, struct rule_source *source)
{
	struct strbuf text = STRBUF_INIT(RULES_FILE_MAX);
	struct err err = {0};

	if (!file_read(source->path, &text, &err)) {
		char reason[ERR_TEXT_MAX + 4];
		snprintf(reason, sizeof(reason), "0: %s", err.text);
		rules_refuse(source, slice_str(reason));
		strbuf_reset(&text);
	}
	source->text = copy(strbuf_slice(&text));
	source->len = text.len;
	rules->total += text.len;
	strbuf_done(&text);
}

static bool add_source(
	struct rules *rules, struct slice path, struct slice name, struct err *err)
{
	if (rules->n == RULES_FILES_MAX)
		return err_set(err, "more than %d rule files", RULES_FILES_MAX);
	rules->sources =
		must(realloc(rules->sources, (rules->n + 1) * sizeof(*rules->sources)));
	struct rule_source *source = &rules->sources[rules->n++];
	*source = (struct rule_source){.path = copy(path), .name = copy(name)};
	source->ruleset = copy(without_ending(name));
	read_text(rules, source);
	return rules->total <= RULES_TOTAL_MAX ||
	       err_set(err, "more than %d MiB of rules", RULES_TOTAL_MAX >> 20);
}

static struct slice name_below(struct slice path, const char *root)
{
	size_t at = strlen(root);

	while (at < path.len && path.ptr[at] == '/')
		at++;
	return slice_from(path, at);
}

static bool take_object(struct rules *rules, const char *root, const struct walk_object *object,
	enum walk_step step, struct err *err)
{
	if (step == WALK_FILE && object->is_root)
		return add_source(
			rules, object->path, slice_from(object->path, object->name_at), err);
	if (step == WALK_FILE)
		return !is_rule_name(object->path) ||
		       add_source(rules, object->path, name_below(object->path, root), err);
	if (!object->is_root)
		return true; /* links, sockets, ...: the folder is the operator's */
	errno = object->sys;
	return object->sys != 0 ? err_sys(err, "%s", root)
				: err_set(err, "%s: neither a file nor a folder", root);
}

static bool gather_path(struct rules *rules, const char *path, struct err *err)
{
	struct walk_plan plan = {.paths = &path,
		.n_paths = 1,
		.depth_max = RULES_DEPTH_MAX,
		.network = true,
		.count_only = true};
	struct walker *walker = walker_new(&plan);
	struct walk_object object;
	enum walk_step step;
	bool good = true;

	while (good && (step = walker_next(walker, &object)) != WALK_END)
		good = take_object(rules, path, &object, step, err);
	walker_free(walker);
	return good;
}

static int by_name(const void *a, const void *b)
{
	const struct rule_source *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order != 0 ? order : strcmp(left->path, right->path);
}

/* Files of one name from two folders: the second name space gets a number. */
static void make_rulesets_unique(struct rules *rules)
{
	for (size_t i = 1; i < rules->n; i++) {
		unsigned same = 1;

		for (size_t j = i; j > 0 && strcmp(rules->sources[j - 1].name,
						    rules->sources[i].name) == 0;
			j--)
			same++;
		if (same == 1)
			continue;
		struct strbuf name = STRBUF_INIT(WALK_PATH_MAX);
		strbuf_addf(&name, "%s#%u", rules->sources[i].ruleset, same);
		free(rules->sources[i].ruleset);
		rules->sources[i].ruleset = copy(strbuf_slice(&name));
		strbuf_done(&name);
	}
}

static void put_big_endian(unsigned char to[8], uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		to[i] = (unsigned char)(value >> (56 - 8 * i));
}

static uint64_t version_of(const struct rules *rules)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sum[EVP_MAX_MD_SIZE], size[8];
	uint64_t version = 0;

	if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
		abort();
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule_source *source = &rules->sources[i];

		put_big_endian(size, source->len);
		EVP_DigestUpdate(ctx, source->name, strlen(source->name) + 1);
		EVP_DigestUpdate(ctx, size, sizeof(size));
		EVP_DigestUpdate(ctx, source->text, source->len);
	}
	EVP_DigestFinal_ex(ctx, sum, NULL);
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; i < 8; i++)
		version = version << 8 | sum[i];
	return version;
}

bool rules_gather(const char *const *paths, size_t n, struct rules *rules, struct err *err)
{
	bool good = true;

	*rules = (struct rules){0};
	for (size_t i = 0; i < n && good; i++)
		good = gather_path(rules, paths[i], err);
	if (good && rules->n == 0)
		good = err_set(err, "no rule file (.yar, .yara) in the given folders");
	if (!good) {
		rules_done(rules);
		return false;
	}
	qsort(rules->sources, rules->n, sizeof(*rules->sources), by_name);
	make_rulesets_unique(rules);
	rules->version = version_of(rules);
	return true;
}
