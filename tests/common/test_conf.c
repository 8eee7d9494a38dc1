#include "common/conf.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/common/conf/sample.h"
#include "tests/support/check.h"

enum { MISTAKES_SIZE = 64 * 1024 };

static struct sample sample;
static struct conf *conf;
static struct strbuf mistakes;

static bool parse_as(const char *name, struct slice text)
{
	sample = (struct sample){0};
	strbuf_init(&mistakes, MISTAKES_SIZE);
	conf = conf_parse(name, text, sample_table, &sample, &mistakes);
	return conf != NULL;
}

static bool parse(const char *text)
{
	return parse_as("a/b.yaml", slice_str(text));
}

static void clean(void)
{
	conf_free(conf);
	conf = NULL;
	strbuf_done(&mistakes);
}

#define ck_assert_mistakes(text, expected)                                                     \
	do {                                                                                   \
		ck_assert(!parse(text));                                                       \
		ck_assert_str_eq(strbuf_cstr(&mistakes), expected);                            \
		clean();                                                                       \
	} while (0)

static void check_defaults(void)
{
	ck_assert_str_eq(sample.name, "Tỉnh \"mẫu\"");
	ck_assert_str_eq(sample.note, "");
	ck_assert_str_eq(sample.key, "a/pki/key.pem");
	ck_assert_str_eq(sample.empty_path, "");
	ck_assert(!sample.fast);
	ck_assert_uint_eq(sample.port, 6514);
	ck_assert_uint_eq(sample.quota, UINT64_C(2) << 30);
	ck_assert_uint_eq(sample.age_ms, UINT64_C(90) * 24 * 3600 * 1000);
	ck_assert_int_eq(sample.level, 2);
	ck_assert_uint_eq(sample.tags.n, 0);
	ck_assert_uint_eq(sample.names.n, 2);
	ck_assert_str_eq(sample.names.items[1], "b c");
	ck_assert_uint_eq(sample.folders.n, 2);
	ck_assert_str_eq(sample.folders.items[0], "a/rules");
	ck_assert_str_eq(sample.folders.items[1], "/etc/soc");
	ck_assert_uint_eq(sample.limits.memory, 64 << 20);
	ck_assert_uint_eq(sample.limits.wait_ms, 30000);
	ck_assert_uint_eq(sample.limits.peers, 10);
	ck_assert_uint_eq(sample.inputs.n, 0);
	ck_assert_uint_eq(sample.peers.n, 0);
}

START_TEST(an_empty_file_gives_every_default)
{
	static const char *const empty[] = {
		"", "# nothing\n", "---\n...\n", "{}\n", "limits:\n"};

	for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
		ck_assert_msg(parse(empty[i]), "%s", strbuf_cstr(&mistakes));
		check_defaults();
		clean();
	}
}
END_TEST

START_TEST(values_of_every_kind_are_read)
{
	ck_assert(parse("name: 10\n"
			"key: /k\n"
			"fast: On\n"
			"port: 1\n"
			"quota: 512 MB\n"
			"age: 0\n"
			"level: debug\n"
			"tags: [x, 'null', \"10\"]\n"
			"limits: {memory: 1MiB}\n"
			"inputs:\n"
			"  - path: x\n"
			"    rules:\n"
			"      - word: one\n"
			"      - {word: two, action: drop, limits: {peers: 7}, hosts: []}\n"
			"  - path: /y\n"
			"    follow: no\n"));
	ck_assert_str_eq(sample.name, "10");
	ck_assert_str_eq(sample.key, "/k");
	ck_assert(sample.fast);
	ck_assert_uint_eq(sample.quota, 512000000);
	ck_assert_uint_eq(sample.age_ms, 0);
	ck_assert_int_eq(sample.level, 3);
	ck_assert_uint_eq(sample.tags.n, 3);
	ck_assert_str_eq(sample.tags.items[1], "null");
	ck_assert_uint_eq(sample.limits.memory, 1 << 20);
	ck_assert_uint_eq(sample.limits.peers, 10);

	const struct sample_input *inputs = sample.inputs.items;
	ck_assert_uint_eq(sample.inputs.n, 2);
	ck_assert_str_eq(inputs[0].path, "a/x");
	ck_assert(inputs[0].follow && !inputs[1].follow);
	const struct sample_rule *rules = inputs[0].rules.items;
	ck_assert_uint_eq(inputs[0].rules.n, 2);
	ck_assert_str_eq(rules[1].word, "two");
	ck_assert_int_eq(rules[1].action, 1);
	ck_assert_uint_eq(rules[1].limits.peers, 7);
	ck_assert_uint_eq(rules[0].limits.peers, 10);
	ck_assert_uint_eq(rules[0].hosts.n, 2);
	ck_assert_str_eq(rules[0].hosts.items[1], "db 1");
	ck_assert_uint_eq(rules[1].hosts.n, 0);
	clean();
}
END_TEST

START_TEST(a_member_knows_where_it_was_written)
{
	ck_assert(parse("\xef\xbb\xbf# Tỉnh\r\n"
			"note: 'Tỉnh'\r\n"
			"'port' : 5\r\n"
			"tags: [\"Tỉnh\", b]\r\n"
			"limits:\r\n"
			"  memory: 1MiB\r\n"));

	struct pos at = conf_at(conf, &sample.port);
	ck_assert_str_eq(at.file, "a/b.yaml");
	ck_assert_uint_eq(at.line, 3);
	ck_assert_uint_eq(at.column, 10);
	at = conf_at(conf, &sample.tags.items[1]);
	ck_assert_uint_eq(at.line, 4);
	ck_assert_uint_eq(at.column, 18); /* bytes, not characters */
	at = conf_at(conf, &sample.limits.memory);
	ck_assert_uint_eq(at.line, 6);
	ck_assert_uint_eq(conf_at(conf, &sample.name).line, 0);
	ck_assert_uint_eq(conf_at(conf, &sample.names).line, 0);
	ck_assert_uint_eq(conf_at(conf, &sample.names.items[0]).line, 0);
	clean();
}
END_TEST

START_TEST(aliases_share_what_they_name)
{
	ck_assert(parse("names: &n [x, y]\ntags: *n\npeers: *n\n"));
	ck_assert_uint_eq(sample.peers.n, 2);
	ck_assert_str_eq(sample.tags.items[1], "y");
	clean();
}
END_TEST

/* ---- mistakes ------------------------------------------------------------- */

static void read_source_file(const char *name, struct strbuf *text)
{
	char path[1024];
	struct err err;

	snprintf(path, sizeof(path), "%s/tests/common/conf/bad/%s", getenv("SOC_SOURCE"), name);
	ck_assert_msg(file_read(path, text, &err), "%s", err.text);
}

/* The lines "# expect: ..." at the start of the file, each with the name of the file. */
static void expected_mistakes(const char *name, struct slice text, struct strbuf *out)
{
	struct slice line, sign = SLICE_LIT("# expect: ");

	while (slice_cut(&text, '\n', &line) && slice_starts(line, sign)) {
		struct slice message = slice_from(line, sign.len);
		strbuf_addf(out, "%s:%.*s\n", name, SLICE_FMT(message));
	}
}

static void check_bad_file(const char *name)
{
	struct strbuf text = STRBUF_INIT(1 << 20), expected = STRBUF_INIT(MISTAKES_SIZE);

	read_source_file(name, &text);
	expected_mistakes(name, strbuf_slice(&text), &expected);
	ck_assert_msg(expected.len > 0, "%s expects nothing", name);
	ck_assert_msg(!parse_as(name, strbuf_slice(&text)), "%s is taken", name);
	ck_assert_str_eq(strbuf_cstr(&mistakes), strbuf_cstr(&expected));
	clean();
	strbuf_done(&text);
	strbuf_done(&expected);
}

START_TEST(every_bad_file_gets_the_messages_it_names)
{
	char path[1024];
	struct dirent *entry;
	unsigned n = 0;

	snprintf(path, sizeof(path), "%s/tests/common/conf/bad", getenv("SOC_SOURCE"));
	DIR *dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		check_bad_file(entry->d_name);
		n++;
	}
	closedir(dir);
	ck_assert_uint_ge(n, 20);
}
END_TEST

START_TEST(mistakes_beyond_the_limit_are_counted)
{
	struct strbuf text = STRBUF_INIT(1 << 20);

	for (unsigned i = 0; i < CONF_MISTAKES_MAX + 7; i++)
		strbuf_addf(&text, "zzzzzzzz%u: 1\n", i);
	ck_assert(!parse(strbuf_cstr(&text)));

	struct slice all = strbuf_slice(&mistakes), line;
	unsigned n = 0;
	for (struct slice rest = all; slice_cut(&rest, '\n', &line);)
		n += line.len > 0;
	ck_assert_uint_eq(n, CONF_MISTAKES_MAX + 1);
	ck_assert(slice_ends(all, SLICE_LIT("a/b.yaml: and 7 more mistakes\n")));
	clean();
	strbuf_done(&text);
}
END_TEST

START_TEST(a_missing_key_is_reported_at_its_mapping)
{
	ck_assert_mistakes("inputs:\n"
			   "  - format: x\n"
			   "  - path: a\n"
			   "    rules: [{}]\n",
		"a/b.yaml:2:5: key 'path' is missing in 'inputs'\n"
		"a/b.yaml:4:13: key 'word' is missing in 'rules'\n");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
	ck_assert(!parse_as("f", slice_of("port: 1\nnote: \xff\xfe\n", 18)));
	ck_assert_str_eq(strbuf_cstr(&mistakes), "f:2:7: invalid leading UTF-8 octet\n");
	clean();
	ck_assert(!parse_as("f", slice_of("port: \0\n", 8)));
	ck_assert_str_eq(strbuf_cstr(&mistakes), "f:1:7: control characters are not allowed\n");
	clean();
	ck_assert(!parse_as("f", slice_of("\xff\xfep\0o\0", 6)));
	clean();
}
END_TEST

START_TEST(a_billion_laughs_are_refused_before_they_expand)
{
	struct strbuf text = STRBUF_INIT(1 << 20);

	strbuf_add_str(&text, "tags: &l0 [ha, ha]\n");
	for (unsigned i = 1; i < 40; i++)
		strbuf_addf(&text, "k%u: &l%u [*l%u, *l%u]\n", i, i, i - 1, i - 1);
	ck_assert(!parse(strbuf_cstr(&text)));
	ck_assert_str_eq(strbuf_cstr(&mistakes),
		"a/b.yaml:19:6: more than 2000000 values, aliases written out\n");
	clean();
	strbuf_done(&text);
}
END_TEST

static void add_times(struct strbuf *text, const char *part, unsigned times)
{
	while (times-- > 0)
		strbuf_add_str(text, part);
}

START_TEST(deep_nesting_ends_reading)
{
	struct strbuf text = STRBUF_INIT(1 << 20);

	add_times(&text, "[", 200000);
	ck_assert(!parse(strbuf_cstr(&text)));
	ck_assert_str_eq(strbuf_cstr(&mistakes), "a/b.yaml:1:65: nested too deeply\n");
	clean();
	strbuf_reset(&text);
	add_times(&text, "- ", 200000);
	ck_assert(!parse(strbuf_cstr(&text)));
	clean();
	strbuf_done(&text);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_a_mistake)
{
	strbuf_init(&mistakes, MISTAKES_SIZE);
	ck_assert_ptr_null(conf_load("/nowhere/x.yaml", sample_table, &sample, &mistakes));
	ck_assert_str_eq(
		strbuf_cstr(&mistakes), "/nowhere/x.yaml: No such file or directory\n");
	clean();
}
END_TEST

START_TEST(a_file_is_loaded_from_disk)
{
	char path[] = "/tmp/test-conf-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert(file_write_all(fd, "key: k.pem\n", 11));
	close(fd);
	sample = (struct sample){0};
	strbuf_init(&mistakes, MISTAKES_SIZE);
	conf = conf_load(path, sample_table, &sample, &mistakes);
	unlink(path);
	ck_assert_msg(conf != NULL, "%s", strbuf_cstr(&mistakes));
	ck_assert_str_eq(sample.key, "/tmp/k.pem");
	clean();
}
END_TEST

/* ---- printing ------------------------------------------------------------- */

static void print_sample(struct strbuf *out)
{
	strbuf_init(out, 1 << 20);
	conf_print(sample_table, "sample - settings\n\nA head of two paragraphs.", out);
	ck_assert(!out->overflow);
}

START_TEST(the_printed_file_gives_the_defaults)
{
	struct strbuf text;

	print_sample(&text);
	ck_assert_msg(parse(strbuf_cstr(&text)), "%s", strbuf_cstr(&mistakes));
	check_defaults();
	ck_assert_uint_gt(conf_at(conf, &sample.limits.wait_ms).line, 0);
	clean();
	strbuf_done(&text);
}
END_TEST

static bool is_help(struct slice line)
{
	return line.len < 3 || line.ptr[0] != '#' || (line.ptr[1] == ' ' && line.ptr[2] != ' ');
}

START_TEST(the_printed_examples_are_good_settings)
{
	struct strbuf text, active = STRBUF_INIT(1 << 20);

	print_sample(&text);
	for (struct slice rest = strbuf_slice(&text), line; slice_cut(&rest, '\n', &line);) {
		strbuf_add(&active, is_help(line) ? line : slice_from(line, 1));
		strbuf_add_byte(&active, '\n');
	}
	ck_assert_msg(parse(strbuf_cstr(&active)), "%s\n%s", strbuf_cstr(&mistakes),
		strbuf_cstr(&active));
	ck_assert_uint_eq(sample.tags.n, 2);
	ck_assert_uint_eq(sample.inputs.n, 2);
	const struct sample_input *inputs = sample.inputs.items;
	ck_assert_str_eq(inputs[0].format, "rfc3164");
	ck_assert_str_eq(inputs[1].format, "auto");
	ck_assert_uint_eq(inputs[1].rules.n, 1);
	const struct sample_rule *rules = inputs[1].rules.items;
	ck_assert_uint_eq(rules[0].hosts.n, 1); /* the example, not the default beside it */
	clean();
	strbuf_done(&text);
	strbuf_done(&active);
}
END_TEST

static size_t columns(struct slice line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.len; i++)
		n += ((unsigned char)line.ptr[i] & 0xc0) != 0x80;
	return n;
}

START_TEST(the_printed_file_is_at_most_80_columns_wide)
{
	struct strbuf text;

	print_sample(&text);
	for (struct slice rest = strbuf_slice(&text), line; slice_cut(&rest, '\n', &line);) {
		ck_assert_msg(columns(line) <= 80, "%.*s", SLICE_FMT(line));
		ck_assert(!slice_ends(line, SLICE_LIT(" ")));
	}
	strbuf_done(&text);
}
END_TEST

/* ---- mappings whose keys the file chooses ------------------------------------- */

static const struct setting words_table[] = {
	{"words", SETTING_PAIRS, 0, "{}", 0, 3, "Words and what they mean."},
	{0},
};

static struct conf *parse_words(const char *text, struct setting_pairs *words)
{
	strbuf_init(&mistakes, MISTAKES_SIZE);
	*words = (struct setting_pairs){0};
	return conf_parse("w.yaml", slice_str(text), words_table, words, &mistakes);
}

START_TEST(pairs_keep_the_keys_and_the_order_of_the_file)
{
	static const struct setting_pair expected[] = {{"b c", "1"}, {"a", "x"}, {"a", "y"}};
	struct setting_pairs words;

	conf = parse_words("words:\n  b c: 1\n  a: [x, y]\n  none: []\n", &words);
	ck_assert_ptr_nonnull(conf);
	ck_assert_uint_eq(words.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < words.n; i++) {
		ck_assert_str_eq(words.items[i].key, expected[i].key);
		ck_assert_str_eq(words.items[i].value, expected[i].value);
	}
	ck_assert_uint_eq(conf_at(conf, &words.items[2].key).line, 3);
	ck_assert_uint_eq(conf_at(conf, &words.items[2].value).column, 10);
	clean();
	conf = parse_words("", &words);
	ck_assert_ptr_nonnull(conf);
	ck_assert_uint_eq(words.n, 0);
	clean();
}
END_TEST

START_TEST(pairs_are_texts_and_limited)
{
	static const char *const bad[][2] = {
		{"words: 5", "w.yaml:1:8: 'words' must be a mapping"},
		{"words: {a: {b: c}}", "w.yaml:1:12: 'a' must be one value"},
		{"words: {a: [[b]]}", "w.yaml:1:13: 'a' must be one value"},
		{"words: {a: }", "'a' has no value"},
		{"words: {a: 1, b: 2, c: 3, d: 4}",
			"w.yaml:1:8: 'words' must have at most 3 keys"},
		{"words: {a: 1, a: 2}", "w.yaml:1:15: "},
	};
	struct setting_pairs words;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		conf = parse_words(bad[i][0], &words);
		ck_assert_ptr_null(conf);
		ck_assert_msg(strstr(strbuf_cstr(&mistakes), bad[i][1]) != NULL, "%s: %s",
			bad[i][0], strbuf_cstr(&mistakes));
		clean();
	}
}
END_TEST

TEST_MAIN("conf", pairs_keep_the_keys_and_the_order_of_the_file, pairs_are_texts_and_limited,
	an_empty_file_gives_every_default, values_of_every_kind_are_read,
	a_member_knows_where_it_was_written, aliases_share_what_they_name,
	every_bad_file_gets_the_messages_it_names, mistakes_beyond_the_limit_are_counted,
	a_missing_key_is_reported_at_its_mapping, bytes_that_are_no_text_are_refused,
	a_billion_laughs_are_refused_before_they_expand, deep_nesting_ends_reading,
	a_file_that_cannot_be_read_is_a_mistake, a_file_is_loaded_from_disk,
	the_printed_file_gives_the_defaults, the_printed_examples_are_good_settings,
	the_printed_file_is_at_most_80_columns_wide)
