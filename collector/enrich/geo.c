#include "collector/enrich/geo.h"

#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"

enum { PATH_DEPTH = 4, ENTRIES_TRIED = 4096, COPY_SIZE = 1 << 20 };

struct geo {
	MMDB_s db;
};

/* ---- what files call it ----------------------------------------------------- */

typedef const char *geo_path[PATH_DEPTH];

/* Of MaxMind and DB-IP, then of IPinfo and others. In order of trial. */
static const geo_path country_paths[] = {
	{"country", "iso_code"},
	{"registered_country", "iso_code"},
	{"country_code"},
	{"country"},
};
static const geo_path city_paths[] = {
	{"city", "names", "en"},
	{"city"},
};
static const geo_path number_paths[] = {
	{"autonomous_system_number"},
	{"asn"},
	{"as_number"},
};
static const geo_path organization_paths[] = {
	{"autonomous_system_organization"},
	{"as_name"},
	{"as_organization"},
	{"org"},
};

static bool get(MMDB_entry_s *entry, const char *const *path, MMDB_entry_data_s *data, bool *ok)
{
	int result = MMDB_aget_value(entry, data, path);

	if (result == MMDB_SUCCESS)
		return data->has_data;
	*ok = *ok && result == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR;
	return false;
}

/* The first of the paths that leads to a text. */
static struct slice get_text(MMDB_entry_s *entry, const geo_path *paths, size_t n, bool *ok)
{
	MMDB_entry_data_s data;

	for (size_t i = 0; i < n && *ok; i++) {
		if (get(entry, paths[i], &data, ok) &&
			data.type == MMDB_DATA_TYPE_UTF8_STRING && data.data_size > 0)
			return slice_of(data.utf8_string,
				data.data_size < GEO_TEXT_MAX ? data.data_size : GEO_TEXT_MAX);
	}
	return SLICE_NONE;
}

/* A number, or a text like "AS131429". */
static uint32_t number_from(const MMDB_entry_data_s *data)
{
	uint64_t number = 0;
	struct slice text;

	switch (data->type) {
	case MMDB_DATA_TYPE_UINT16:
		return data->uint16;
	case MMDB_DATA_TYPE_UINT32:
		return data->uint32;
	case MMDB_DATA_TYPE_UINT64:
		return data->uint64 <= UINT32_MAX ? (uint32_t)data->uint64 : 0;
	case MMDB_DATA_TYPE_UTF8_STRING:
		text = slice_of(data->utf8_string, data->data_size);
		if (slice_starts(text, SLICE_LIT("AS")))
			text = slice_from(text, 2);
		return slice_to_u64(text, UINT32_MAX, &number) ? (uint32_t)number : 0;
	default:
		return 0;
	}
}

static uint32_t get_number(MMDB_entry_s *entry, bool *ok)
{
	MMDB_entry_data_s data;

	for (size_t i = 0; i < ARRAY_LEN(number_paths) && *ok; i++) {
		uint32_t number =
			get(entry, number_paths[i], &data, ok) ? number_from(&data) : 0;

		if (number != 0)
			return number;
	}
	return 0;
}

static bool is_country(struct slice code)
{
	return code.len == 2 && code.ptr[0] >= 'A' && code.ptr[0] <= 'Z' &&
	       code.ptr[1] >= 'A' && code.ptr[1] <= 'Z';
}

static bool read_entry(MMDB_entry_s *entry, struct geo_answer *answer)
{
	bool ok = true;

	if (slice_absent(answer->country)) {
		struct slice code =
			get_text(entry, country_paths, ARRAY_LEN(country_paths), &ok);

		if (is_country(code))
			answer->country = code;
	}
	if (slice_absent(answer->city))
		answer->city = get_text(entry, city_paths, ARRAY_LEN(city_paths), &ok);
	if (answer->as_number == 0)
		answer->as_number = get_number(entry, &ok);
	if (slice_absent(answer->organization))
		answer->organization =
			get_text(entry, organization_paths, ARRAY_LEN(organization_paths), &ok);
	return ok;
}

/* ---- looking up ------------------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static void put_big_endian(uint8_t *to, uint64_t number)
{
	for (unsigned i = 8; i-- > 0; number >>= 8)
		to[i] = (uint8_t)number;
}

static union address address_of(const struct netaddr *addr)
{
	union address address = {0};

	if (netaddr_is_v4(addr)) {
		address.v4.sin_family = AF_INET;
		address.v4.sin_addr.s_addr = htonl((uint32_t)addr->low);
	} else {
		address.v6.sin6_family = AF_INET6;
		put_big_endian(address.v6.sin6_addr.s6_addr, addr->high);
		put_big_endian(address.v6.sin6_addr.s6_addr + 8, addr->low);
	}
	return address;
}

bool geo_find(const struct geo *geo, const struct netaddr *addr, struct geo_answer *answer)
{
	union address address = address_of(addr);
	int result = MMDB_SUCCESS;

	if (geo->db.metadata.ip_version == 4 && !netaddr_is_v4(addr))
		return true;
	MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&geo->db, &address.any, &result);
	if (result != MMDB_SUCCESS)
		return false;
	return !found.found_entry || read_entry(&found.entry, answer);
}

const char *geo_type(const struct geo *geo)
{
	return geo->db.metadata.database_type;
}

int64_t geo_built_ns(const struct geo *geo)
{
	uint64_t epoch = geo->db.metadata.build_epoch;

	return epoch < INT64_MAX / (uint64_t)CLOCK_NS_PER_S ? (int64_t)epoch * CLOCK_NS_PER_S
							    : 0;
}

/* ---- loading ---------------------------------------------------------------- */

static bool check_record(const MMDB_s *db, unsigned type, MMDB_entry_s entry,
	uint32_t *n_entries, struct err *err)
{
	const uint32_t step = db->metadata.node_count / ENTRIES_TRIED + 1;
	struct geo_answer answer = {0};

	if (type == MMDB_RECORD_TYPE_INVALID)
		return err_set(err, "its search tree is damaged");
	if (type == MMDB_RECORD_TYPE_DATA && (*n_entries)++ % step == 0 &&
		!read_entry(&entry, &answer))
		return err_set(err, "its data are damaged");
	return true;
}

/* Every node of the tree, and of the data some thousand entries. */
static bool check_tree(const MMDB_s *db, struct err *err)
{
	uint32_t n_entries = 0;

	for (uint32_t i = 0; i < db->metadata.node_count; i++) {
		MMDB_search_node_s node;

		if (MMDB_read_node(db, i, &node) != MMDB_SUCCESS)
			return err_set(err, "its search tree is damaged");
		if (!check_record(db, node.left_record_type, node.left_record_entry, &n_entries,
			    err) ||
			!check_record(db, node.right_record_type, node.right_record_entry,
				&n_entries, err))
			return false;
	}
	return n_entries > 0 || err_set(err, "it holds no addresses");
}

static int new_memory(struct err *err)
{
	int fd = memfd_create("geo", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		err_sys(err, "memory for it");
	return fd;
}

/* The library opens files alone. */
static struct geo *open_memory(int fd, struct err *err)
{
	struct geo *geo = calloc(1, sizeof(*geo));
	char path[32];

	if (geo == NULL)
		abort();
	(void)fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int result = MMDB_open(path, MMDB_MODE_MMAP, &geo->db);
	if (result != MMDB_SUCCESS) {
		err_set(err, "no MaxMind DB, or not a whole one: %s", MMDB_strerror(result));
		free(geo);
		return NULL;
	}
	if (check_tree(&geo->db, err))
		return geo;
	geo_free(geo);
	return NULL;
}

struct geo *geo_from_bytes(struct slice bytes, struct err *err)
{
	int fd = new_memory(err);
	struct geo *geo = NULL;

	if (fd < 0)
		return NULL;
	if (file_write_all(fd, bytes.ptr, bytes.len))
		geo = open_memory(fd, err);
	else
		err_sys(err, "memory for it");
	close(fd);
	return geo;
}

static bool copy(int from, int to, struct err *err)
{
	char *buffer = malloc(COPY_SIZE);
	uint64_t at = 0;
	ssize_t n;

	if (buffer == NULL)
		abort();
	while ((n = file_read_at(from, buffer, COPY_SIZE, at)) > 0) {
		at += (uint64_t)n;
		if (at > GEO_FILE_MAX || !file_write_all(to, buffer, (size_t)n))
			break;
	}
	free(buffer);
	if (at > GEO_FILE_MAX)
		return err_set(err, "it is larger than %d MiB", GEO_FILE_MAX >> 20);
	return n == 0 || err_sys(err, "reading it");
}

struct geo *geo_load(const char *path, struct err *err)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), to;
	struct geo *geo = NULL;

	if (from < 0) {
		err_sys(err, "%s", path);
		return NULL;
	}
	to = new_memory(err);
	if (to >= 0) {
		if (copy(from, to, err))
			geo = open_memory(to, err);
		close(to);
	}
	close(from);
	if (geo == NULL)
		err_within(err, "%s", path);
	return geo;
}

void geo_free(struct geo *geo)
{
	if (geo == NULL)
		return;
	MMDB_close(&geo->db);
	free(geo);
}
