/* The agent's state file, and the positions of files inside: bytes from a disk. */
#include <stdlib.h>

#include "agent/bookmark.h"
#include "agent/inputs/file_identity.h"
#include "common/bytes.h"
#include "common/crc32c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_position(void *user, const struct bookmark_source *source)
{
	struct file_position position;

	(void)user;
	if (file_position_read(strbuf_slice(&source->position), &position) &&
		position.file.head_len > FILE_HEAD_MAX)
		abort();
}

static void parse(struct slice bytes)
{
	struct bookmark_lane lanes[LANE_COUNT];
	struct bookmark *bookmark = bookmark_new();

	if (bookmark_parse(bookmark, bytes, lanes) == BOOKMARK_READ)
		bookmark_walk(bookmark, read_position, NULL);
	bookmark_free(bookmark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf sealed = STRBUF_INIT(1 << 20);
	char crc[4];

	parse(slice_of(data, size));
	/* Behind the check sum, too. */
	strbuf_add(&sealed, slice_of(data, size));
	bytes_put_u32(crc, crc32c(0, data, size));
	strbuf_add(&sealed, slice_of(crc, sizeof(crc)));
	if (!sealed.overflow)
		parse(strbuf_slice(&sealed));
	strbuf_done(&sealed);
	return 0;
}
