#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/inputs/inventory_parts.h"
#include "common/netaddr.h"

enum {
	TABLE_MAX = 4 << 20,   /* bytes read of one of the kernel's tables */
	STATE_LISTEN = 10,     /* TCP_LISTEN */
	STATE_UNCONNECTED = 7, /* TCP_CLOSE: how a UDP socket looks that nobody connected */
};

struct table {
	const char *name;
	bool is_udp;
};

static const struct table tables[] = {
	{"tcp", false}, {"tcp6", false}, {"udp", true}, {"udp6", true}};

/* ---- one line --------------------------------------------------------------------- */

static bool hex(struct slice text, size_t digits_max, uint64_t *value)
{
	*value = 0;
	if (text.len == 0 || text.len > digits_max)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.ptr[i];
		unsigned digit;

		if (byte >= '0' && byte <= '9')
			digit = (unsigned)(byte - '0');
		else if (byte >= 'A' && byte <= 'F')
			digit = (unsigned)(byte - 'A') + 10;
		else
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

/* "0100007F:1F90": words of 32 bits as they lie in memory, then the port. */
static bool read_address(struct slice text, struct netaddr *address, uint16_t *port)
{
	struct slice words;
	uint64_t value, number;
	uint32_t parts[4] = {0, 0, htonl(0xffff), 0};

	if (!slice_cut(&text, ':', &words) || slice_absent(text) || !hex(text, 4, &number) ||
		(words.len != 8 && words.len != 32))
		return false;
	size_t first = words.len == 8 ? 3 : 0;
	for (size_t i = 0; i < words.len / 8; i++) {
		if (!hex(slice_of(words.ptr + 8 * i, 8), 8, &value))
			return false;
		parts[first + i] = (uint32_t)value;
	}
	address->high = (uint64_t)ntohl(parts[0]) << 32 | ntohl(parts[1]);
	address->low = (uint64_t)ntohl(parts[2]) << 32 | ntohl(parts[3]);
	*port = (uint16_t)number;
	return true;
}

enum { FIELDS = 10, LOCAL = 1, REMOTE = 2, STATE = 3, INODE = 9 };

/* Words between blanks; false when there are fewer than FIELDS. */
static bool split(struct slice line, struct slice fields[FIELDS])
{
	size_t at = 0;

	for (size_t n = 0; n < FIELDS; n++) {
		while (at < line.len && line.ptr[at] == ' ')
			at++;
		size_t start = at;
		while (at < line.len && line.ptr[at] != ' ')
			at++;
		if (at == start)
			return false;
		fields[n] = slice_of(line.ptr + start, at - start);
	}
	return true;
}

enum line_result { LINE_LISTENS, LINE_OTHER, LINE_WRONG };

static enum line_result read_line(struct slice line, bool is_udp, struct listening *socket)
{
	struct slice fields[FIELDS];
	struct netaddr local, remote;
	uint16_t remote_port;
	uint64_t state;

	*socket = (struct listening){.is_udp = is_udp};
	if (!split(line, fields) || !hex(fields[STATE], 2, &state) ||
		!read_address(fields[LOCAL], &local, &socket->port) ||
		!read_address(fields[REMOTE], &remote, &remote_port) ||
		!slice_to_u64(fields[INODE], UINT64_MAX, &socket->inode))
		return LINE_WRONG;
	if (state != (is_udp ? STATE_UNCONNECTED : STATE_LISTEN) || remote_port != 0 ||
		socket->port == 0)
		return LINE_OTHER;
	(void)netaddr_format(&local, socket->ip);
	return LINE_LISTENS;
}

/* ---- the tables -------------------------------------------------------------------- */

struct looking {
	int root;
	struct listening *sockets;
	size_t n;
	bool known, cut;
	uint64_t passing_first, passing_last;
};

/* Ports that connect(2) and bind(2) hand out. */
static void read_passing_range(struct looking *looking)
{
	struct strbuf text = STRBUF_INIT(256);
	struct slice line =
		inventory_line(looking->root, "proc/sys/net/ipv4/ip_local_port_range", &text);
	struct slice first;

	if (!slice_cut(&line, '\t', &first) ||
		!slice_to_u64(slice_trim(first), 65535, &looking->passing_first) ||
		slice_absent(line) ||
		!slice_to_u64(slice_trim(line), 65535, &looking->passing_last)) {
		looking->passing_first = 32768; /* the kernel's own default */
		looking->passing_last = 60999;
	}
	strbuf_done(&text);
}

static void add_socket(struct looking *looking, struct listening *socket)
{
	socket->passing = socket->is_udp && socket->port >= looking->passing_first &&
			  socket->port <= looking->passing_last;
	if (looking->n == INVENTORY_LISTENING_MAX) {
		looking->cut = true;
		return;
	}
	looking->sockets[looking->n++] = *socket;
}

/* The kernel lists listening TCP sockets before all others: the others are not read. */
static bool take_lines(struct looking *looking, const struct table *table, struct strbuf *text)
{
	struct slice rest = strbuf_slice(text), line;

	while (slice_find(rest, '\n') < rest.len && slice_cut(&rest, '\n', &line)) {
		struct listening socket;

		switch (read_line(line, table->is_udp, &socket)) {
		case LINE_LISTENS:
			add_socket(looking, &socket);
			break;
		case LINE_OTHER:
			if (!table->is_udp)
				return false;
			break;
		case LINE_WRONG: /* the heading */
			break;
		}
	}
	memmove(text->ptr, rest.ptr, rest.len);
	strbuf_cut(text, rest.len);
	return true;
}

static void read_table(struct looking *looking, const struct table *table, int fd)
{
	enum { STEP = 32 << 10 };
	struct strbuf text = STRBUF_INIT(2 * STEP);
	size_t total = 0;

	for (;;) {
		char *to = strbuf_reserve(&text, STEP);
		ssize_t n = to ? read(fd, to, STEP) : -1;

		if (n <= 0)
			break;
		strbuf_extend(&text, (size_t)n);
		if (!take_lines(looking, table, &text))
			break;
		total += (size_t)n;
		if (total > TABLE_MAX) {
			looking->cut = true;
			break;
		}
	}
	strbuf_done(&text);
}

/* Below another root "proc/net" leads to the reader itself; process 1 is the host's. */
static int open_table(int root, const struct table *table)
{
	static const char *const folders[] = {"proc/1/net", "proc/net"};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		char path[32];

		snprintf(path, sizeof(path), "%s/%s", folders[i], table->name);
		int fd = inventory_open(root, path);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

static int compare(const void *a, const void *b)
{
	const struct listening *x = a, *y = b;

	if (x->passing != y->passing)
		return x->passing ? 1 : -1;
	if (x->is_udp != y->is_udp)
		return x->is_udp ? 1 : -1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return strcmp(x->ip, y->ip);
}

size_t inventory_listening_look(int root, struct listening *sockets, bool *known, bool *cut)
{
	struct looking looking = {.root = root, .sockets = sockets};

	read_passing_range(&looking);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		int fd = open_table(root, &tables[i]);

		if (fd < 0)
			continue;
		looking.known = true;
		read_table(&looking, &tables[i], fd);
		close(fd);
	}
	qsort(sockets, looking.n, sizeof(sockets[0]), compare);
	*known = looking.known;
	*cut = looking.cut;
	return looking.n;
}

/* ---- writing ------------------------------------------------------------------------ */

static void put_socket(struct json *json, const struct listening *socket)
{
	json_object(json);
	json_put_str(json, "transport", socket->is_udp ? "udp" : "tcp");
	json_put_str(json, "ip", socket->ip);
	json_put_u64(json, "port", socket->port);
	inventory_member(json, "process", slice_str(socket->process), INVENTORY_PROGRAM_MAX);
	json_object_end(json);
}

/* Sockets of one service, of processes that share it, look alike. */
static bool is_same(const struct listening *a, const struct listening *b)
{
	return a->is_udp == b->is_udp && a->port == b->port && strcmp(a->ip, b->ip) == 0 &&
	       strcmp(a->process, b->process) == 0;
}

void inventory_listening(
	struct inventory_report *report, const struct listening *sockets, size_t n, bool cut)
{
	bool stable = true;

	json_key(&report->json, SLICE_LIT("soc.listening"));
	json_array(&report->json);
	for (size_t i = 0; i < n; i++) {
		if (stable && sockets[i].passing) {
			inventory_report_stable_end(report);
			stable = false;
		}
		if (i > 0 && is_same(&sockets[i], &sockets[i - 1]))
			continue;
		cut = cut || report->text.len > INVENTORY_LIST_MAX;
		if (report->text.len <= INVENTORY_LIST_MAX)
			put_socket(&report->json, &sockets[i]);
	}
	if (stable)
		inventory_report_stable_end(report);
	json_array_end(&report->json);
	if (cut)
		inventory_was_cut(report, "soc.listening");
}
