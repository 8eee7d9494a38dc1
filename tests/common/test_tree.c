#include "common/tree.h"

#include "tests/support/check.h"

static struct strbuf words;
static struct mistakes mistakes;

static struct tree *parse(const char *text)
{
	strbuf_init(&words, 1 << 16);
	mistakes = mistakes_into(&words, "f");
	return tree_parse(slice_str(text), &mistakes);
}

static void clean(struct tree *tree)
{
	tree_free(tree);
	strbuf_done(&words);
}

START_TEST(texts_of_all_styles_are_read)
{
	struct tree *tree = parse("- plain text # comment\n"
				  "- 'it''s'\n"
				  "- \"a\\tb\\u1ec9\"\n"
				  "- |\n  two\n  lines\n"
				  "- >-\n  one\n  line\n"
				  "- ''\n"
				  "-\n");
	static const char *const texts[] = {
		"plain text", "it's", "a\tb\xe1\xbb\x89", "two\nlines\n", "one line", "", ""};

	ck_assert_ptr_nonnull(tree);
	const struct tree_node *root = tree_root(tree);
	ck_assert_int_eq(root->kind, TREE_LIST);
	ck_assert_uint_eq(root->n, ARRAY_LEN(texts));
	for (size_t i = 0; i < root->n; i++) {
		const struct tree_node *item = root->items[i];

		ck_assert_slice_eq(item->text, slice_str(texts[i]));
		ck_assert_uint_eq(strlen(item->text.ptr), item->text.len);
		ck_assert(item->plain == (i == 0 || i == 6));
		ck_assert(tree_is_null(item) == (i == 6));
	}
	clean(tree);
}
END_TEST

START_TEST(mappings_keep_their_order_and_places)
{
	struct tree *tree = parse("b: 1\n"
				  "ỉa:  [x,\n"
				  "      y]\n");
	const struct tree_node *root = tree_root(tree);

	ck_assert_int_eq(root->kind, TREE_MAP);
	ck_assert_uint_eq(root->n, 2);
	ck_assert_slice_eq(tree_key(root, 0)->text, SLICE_LIT("b"));
	ck_assert_slice_eq(tree_value(root, 0)->text, SLICE_LIT("1"));
	const struct tree_node *list = tree_value(root, 1);
	ck_assert_uint_eq(list->line, 2);
	ck_assert_uint_eq(list->column, 8); /* bytes: the first letter has three */
	ck_assert_uint_eq(tree_pos(list->items[1]).line, 3);
	ck_assert_uint_eq(tree_pos(list->items[1]).column, 7);
	clean(tree);
}
END_TEST

START_TEST(an_alias_is_the_node_it_names)
{
	struct tree *tree = parse("a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x\n");
	const struct tree_node *root = tree_root(tree);

	ck_assert_ptr_eq(tree_value(root, 1), tree_value(root, 0));
	ck_assert_slice_eq(tree_value(root, 3)->text, SLICE_LIT("3")); /* the newest */
	ck_assert_uint_eq(root->weight, 1 + 4 + 3 + 3 + 1 + 1);
	clean(tree);
}
END_TEST

START_TEST(duplicate_keys_do_not_end_reading)
{
	struct tree *tree = parse("a: 1\nb: 2\na: 3\nc: {x: 1, x: 2}\na: 4\n");

	ck_assert_ptr_nonnull(tree);
	ck_assert_uint_eq(tree_root(tree)->n, 5);
	ck_assert_str_eq(strbuf_cstr(&words), "f:4:11: key 'x' stands in line 4 already\n"
					      "f:3:1: key 'a' stands in line 1 already\n"
					      "f:5:1: key 'a' stands in line 3 already\n");
	clean(tree);
}
END_TEST

START_TEST(nothing_is_no_root)
{
	struct tree *tree = parse("# only a comment\n");

	ck_assert_ptr_nonnull(tree);
	ck_assert_ptr_null(tree_root(tree));
	ck_assert(mistakes_end(&mistakes));
	clean(tree);
	tree_free(NULL);
}
END_TEST

START_TEST(too_many_anchors_are_refused)
{
	struct strbuf text = STRBUF_INIT(1 << 20);

	for (unsigned i = 0; i <= TREE_ANCHORS_MAX; i++)
		strbuf_addf(&text, "- &a%u x\n", i);
	ck_assert_ptr_null(parse(strbuf_cstr(&text)));
	ck_assert_str_eq(strbuf_cstr(&words), "f:1001:3: too many anchors\n");
	clean(NULL);
	strbuf_done(&text);
}
END_TEST

START_TEST(a_text_larger_than_the_limit_is_refused)
{
	struct slice text = slice_of("", (size_t)TREE_TEXT_SIZE_MAX + 1);

	strbuf_init(&words, 1 << 16);
	mistakes = mistakes_into(&words, "f");
	ck_assert_ptr_null(tree_parse(text, &mistakes)); /* not a byte of it is looked at */
	ck_assert_str_eq(strbuf_cstr(&words), "f: larger than 16777216 bytes\n");
	clean(NULL);
}
END_TEST

TEST_MAIN("tree", texts_of_all_styles_are_read, mappings_keep_their_order_and_places,
	an_alias_is_the_node_it_names, duplicate_keys_do_not_end_reading, nothing_is_no_root,
	too_many_anchors_are_refused, a_text_larger_than_the_limit_is_refused)
