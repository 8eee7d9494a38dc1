#include "agent/scan/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"

enum { FIELDS = 5, TEXT_MAX = MEMORY_FILES_MAX * 96 + 128 };

#define HEAD "soc-scan-memory 1 "

static struct memory_entry entry_of(const struct stat *st)
{
	return (struct memory_entry){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns = (uint64_t)st->st_mtim.tv_sec * (uint64_t)CLOCK_NS_PER_S +
			    (uint64_t)st->st_mtim.tv_nsec,
		.ctime_ns = (uint64_t)st->st_ctim.tv_sec * (uint64_t)CLOCK_NS_PER_S +
			    (uint64_t)st->st_ctim.tv_nsec,
	};
}

static bool same(const struct memory_entry *a, const struct memory_entry *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static bool read_hex(struct slice text, uint64_t *value)
{
	*value = 0;
	if (text.len == 0 || text.len > 16)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
							: 16;
		if (digit > 15)
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

static bool read_entry(struct slice line, struct memory_entry *entry)
{
	uint64_t fields[FIELDS];
	struct slice word;

	for (unsigned i = 0; i < FIELDS; i++) {
		if (!slice_cut(&line, ' ', &word) || !read_hex(word, &fields[i]))
			return false;
	}
	*entry = (struct memory_entry){fields[0], fields[1], fields[2], fields[3], fields[4]};
	return slice_absent(line);
}

void memory_read(struct memory *memory, uint64_t rules_version, struct slice text)
{
	struct slice line;
	uint64_t version;

	*memory = (struct memory){.rules_version = rules_version};
	if (!slice_cut(&text, '\n', &line) || !slice_starts(line, SLICE_LIT(HEAD)) ||
		!read_hex(slice_from(line, sizeof(HEAD) - 1), &version) ||
		version != rules_version)
		return;
	while (memory->n < MEMORY_FILES_MAX && slice_cut(&text, '\n', &line)) {
		if (read_entry(line, &memory->entries[memory->n]))
			memory->n++;
	}
}

bool memory_load(
	struct memory *memory, uint64_t rules_version, const char *path, struct err *err)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);
	bool there = access(path, F_OK) == 0 || errno != ENOENT;
	bool good = !there || file_read(path, &text, err);

	memory_read(memory, rules_version, strbuf_slice(&text));
	strbuf_done(&text);
	return good;
}

bool memory_save(const struct memory *memory, const char *path, struct err *err)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	strbuf_addf(&text, HEAD "%016" PRIx64 "\n", memory->rules_version);
	for (size_t i = 0; i < memory->n; i++) {
		const struct memory_entry *entry = &memory->entries[i];

		strbuf_addf(&text,
			"%" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 "\n",
			entry->dev, entry->ino, entry->size, entry->mtime_ns, entry->ctime_ns);
	}
	bool good = file_replace(path, strbuf_slice(&text), 0600, err);
	strbuf_done(&text);
	return good;
}

bool memory_knows(const struct memory *memory, const struct stat *st)
{
	struct memory_entry wanted = entry_of(st);

	for (size_t i = 0; i < memory->n; i++) {
		if (same(&memory->entries[i], &wanted))
			return true;
	}
	return false;
}

void memory_add(struct memory *memory, const struct stat *st)
{
	if (memory->n == MEMORY_FILES_MAX) {
		memory->n--;
		memmove(memory->entries, memory->entries + 1,
			memory->n * sizeof(memory->entries[0]));
	}
	memory->entries[memory->n++] = entry_of(st);
	memory->changed = true;
}
