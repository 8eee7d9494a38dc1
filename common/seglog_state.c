#include "common/seglog_state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/file.h"

enum {
	SLOTS = 2,
	SLOT_USED = 64,
	SLOT_CRC_AT = SLOT_USED - 4,
	FORMAT_VERSION = 1,
};

static const unsigned char slot_magic[8] = "SEGSTAT\n";

static void slot_write(
	unsigned char *bytes, uint64_t counter, const struct state_values *values)
{
	memset(bytes, 0, STATE_SLOT_SIZE);
	memcpy(bytes, slot_magic, sizeof(slot_magic));
	bytes_put_u32(bytes + 8, FORMAT_VERSION);
	bytes_put_u64(bytes + 16, counter);
	memcpy(bytes + 24, values->id, SEGLOG_ID_SIZE);
	bytes_put_u64(bytes + 40, values->released);
	bytes_put_u64(bytes + 48, values->next);
	bytes_put_u32(bytes + SLOT_CRC_AT, crc32c(0, bytes, SLOT_CRC_AT));
}

static bool slot_read(
	const unsigned char *bytes, uint64_t *counter, struct state_values *values)
{
	if (memcmp(bytes, slot_magic, sizeof(slot_magic)) != 0 ||
		bytes_get_u32(bytes + 8) != FORMAT_VERSION ||
		bytes_get_u32(bytes + SLOT_CRC_AT) != crc32c(0, bytes, SLOT_CRC_AT) ||
		bytes_get_u64(bytes + 48) > SEGLOG_SEQUENCE_MAX ||
		bytes_get_u64(bytes + 40) >= bytes_get_u64(bytes + 48))
		return false;
	*counter = bytes_get_u64(bytes + 16);
	memcpy(values->id, bytes + 24, SEGLOG_ID_SIZE);
	values->released = bytes_get_u64(bytes + 40);
	values->next = bytes_get_u64(bytes + 48);
	return true;
}

/* The newer of the readable slots. What is short or refused is not readable. */
static bool read_slots(int fd, uint64_t *counter, struct state_values *values, bool *known)
{
	*known = false;
	*counter = 0;
	for (int i = 0; i < SLOTS; i++) {
		unsigned char bytes[SLOT_USED] = {0};
		struct state_values found;
		uint64_t count;

		if (file_read_at(fd, bytes, sizeof(bytes), (uint64_t)i * STATE_SLOT_SIZE) < 0 &&
			!file_is_refused(errno))
			return false;
		if (!slot_read(bytes, &count, &found) || count < *counter)
			continue;
		*counter = count;
		*values = found;
		*known = true;
	}
	return true;
}

static bool write_slot(
	struct state_file *file, const struct state_values *values, struct err *err)
{
	uint64_t counter = file->counter + 1;
	unsigned char bytes[STATE_SLOT_SIZE];

	slot_write(bytes, counter, values);
	if (!file_write_all_at(
		    file->fd, bytes, sizeof(bytes), counter % SLOTS * STATE_SLOT_SIZE))
		return err_sys(err, "writing the state of a log");
	file->counter = counter;
	return true;
}

bool state_open(struct state_file *file, int dir_fd, struct state_values *values, bool *known,
	struct err *err)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	struct stat st;

	file->fd = openat(dir_fd, "state", flags, 0600);
	if (file->fd < 0)
		return err_sys(err, "opening the state of a log");
	if (fstat(file->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		state_close(file);
		return err_set(err, "the state of a log is no regular file");
	}
	if (!read_slots(file->fd, &file->counter, values, known)) {
		err_sys(err, "reading the state of a log");
		state_close(file);
		return false;
	}
	return true;
}

bool state_peek(int dir_fd, struct state_values *values)
{
	uint64_t counter;
	int fd = openat(dir_fd, "state", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return false;

	bool known;
	bool ok = read_slots(fd, &counter, values, &known);
	close(fd);
	return ok && known;
}

void state_close(struct state_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

bool state_note(struct state_file *file, const struct state_values *values, struct err *err)
{
	return write_slot(file, values, err);
}

bool state_keep(struct state_file *file, const struct state_values *values, struct err *err)
{
	for (int i = 0; i < SLOTS; i++) {
		if (!write_slot(file, values, err))
			return false;
		if (!file_sync_data(file->fd))
			return err_sys(err, "syncing the state of a log");
	}
	return true;
}
