/*
 * Any bytes as a file of lines: one object for each line, whatever goes on with what; and as a
 * batch in two parts, whose audit events are joined.
 */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector/normalize/families/audit_events.h"
#include "collector/normalize/normalize_lines.h"

enum { RECORDS_MAX = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_lines(int fd)
{
	char buffer[4096];
	size_t n = 0;
	ssize_t len;

	assert(lseek(fd, 0, SEEK_SET) == 0);
	while ((len = read(fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < len; i++)
			n += buffer[i] == '\n';
	}
	return n;
}

static void run_lines(struct slice text)
{
	int from = memfd_create("in", MFD_CLOEXEC), to = memfd_create("out", MFD_CLOEXEC);
	struct normalize_lines lines = {.name = "-", .from = from, .to = to};
	struct err err = {0};

	assert(from >= 0 && to >= 0);
	assert(write(from, text.ptr, text.len) == (ssize_t)text.len);
	size_t wanted =
		count_lines(from) + (text.len > 0 && text.ptr[text.len - 1] != '\n' ? 1 : 0);
	assert(lseek(from, 0, SEEK_SET) == 0);
	assert(normalize_lines(&lines, &err));
	assert(count_lines(to) == wanted);
	close(from);
	close(to);
}

static void run_batch(const struct normalizer *normalizer, struct headers *headers,
	struct audit_carry *carry, struct slice text, uint64_t first)
{
	struct batch batch;
	struct slice line;

	batch_init(&batch);
	batch.records = arena_alloc(&batch.arena, RECORDS_MAX * sizeof(*batch.records));
	assert(batch.records != NULL);
	while (batch.n_records < RECORDS_MAX && slice_cut(&text, '\n', &line)) {
		batch.records[batch.n_records] = (struct record){
			.raw = line, .kind = RECORD_LOG, .sequence = first + batch.n_records};
		batch.n_records++;
	}
	normalize_batch(normalizer, headers, &batch);
	audit_events_join(carry, &batch);
	for (unsigned i = 0; i < batch.n_records; i++)
		assert(batch.records[i].n_fields <= RECORD_FIELDS_MAX);
	batch_done(&batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	struct normalizer *normalizer = normalizer_new(&(struct normalize_settings){0});
	struct audit_carry *carry = audit_carry_new();
	struct headers *headers = headers_new();

	run_lines(text);
	run_batch(normalizer, headers, carry, slice_head(text, size / 2), 1);
	run_batch(normalizer, headers, carry, slice_from(text, size / 2), 1 + RECORDS_MAX);
	headers_free(headers);
	audit_carry_free(carry);
	normalizer_free(normalizer);
	return 0;
}
