/* Any bytes in any character set: what is counted is what is written, and it is text that folds
 * to the same twice. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/charset.h"
#include "common/fold.h"
#include "common/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fold(struct slice text)
{
	char *once = malloc(text.len + 1), *twice = malloc(text.len + 1);

	assert(once != NULL && twice != NULL);
	const size_t n = fold_text(text, once);
	assert(n <= text.len);
	const struct slice folded = slice_of(once, n);
	assert(fold_text(folded, twice) == n && memcmp(once, twice, n) == 0);
	assert(fold_eq(text, folded) && fold_eq(folded, text));
	free(once);
	free(twice);
}

static void check_newline(enum charset charset, struct slice text)
{
	const size_t at = charset_find_newline(charset, text);

	assert(at <= text.len);
	assert(at == text.len || at % charset_unit(charset) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct charset_outcome counted, written;

	if (size == 0)
		return 0;
	const enum charset charset = (enum charset)(data[0] % CHARSET_COUNT);
	const struct slice text = slice_of((const char *)data + 1, size - 1);
	const size_t n = charset_decode(charset, text, NULL, &counted);
	assert(n <= CHARSET_GROWTH * text.len);
	char *out = malloc(n + 1);
	assert(out != NULL);
	assert(charset_decode(charset, text, out, &written) == n);
	assert(counted.undecodable == written.undecodable && counted.exact == written.exact);
	assert(counted.undecodable <= text.len);
	assert(charset == CHARSET_UTF_8 || utf8_valid(slice_of(out, n)));
	check_fold(slice_of(out, n));
	check_newline(charset, text);
	assert(charset_of_mark(text) <= CHARSET_COUNT);
	free(out);
	return 0;
}
