#include "collector/normalize/families/audit.h"

#include "collector/normalize/text/name_table.h"
#include "collector/normalize/text/network.h"
#include "common/netaddr.h"

/* Meanings that are no field; above every field id. */
enum audit_meaning {
	AUDIT_DROPPED = FIELD_ID_MAX, /* says nothing that anybody would look for */
	AUDIT_ARCH,
	AUDIT_SYSCALL,
	AUDIT_SYSCALL_NAME,
	AUDIT_RESULT,
	AUDIT_ADDRESS,
	AUDIT_HOSTNAME,
	AUDIT_SOCKET, /* a sockaddr in hexadecimal digits */
	AUDIT_ACCOUNT,
	AUDIT_USER_NAME,
	AUDIT_MODE,
	AUDIT_TITLE,
	AUDIT_KEY,
	AUDIT_APPARMOR,
	AUDIT_SELINUX, /* a security context of the subject */
	AUDIT_SELINUX_RESULT,
	AUDIT_PROTOCOL,
};

/* "Audit field dictionary", linux-audit/audit-documentation; capitals are what auditd adds to
 * enriched records. */
static const struct name_entry entries[] = {
	NAME("pid", FIELD_PROCESS_PID),
	NAME("ppid", FIELD_PROCESS_PARENT_PID),
	NAME("opid", FIELD_PROCESS_PID),
	NAME("comm", FIELD_PROCESS_NAME),
	NAME("ocomm", FIELD_PROCESS_NAME),
	NAME("exe", FIELD_PROCESS_EXECUTABLE),
	NAME("cwd", FIELD_PROCESS_WORKING_DIRECTORY),
	NAME("cmd", FIELD_PROCESS_COMMAND_LINE),
	NAME("exit", FIELD_PROCESS_EXIT_CODE),
	NAME("argc", FIELD_PROCESS_ARGS_COUNT),
	NAME("proctitle", AUDIT_TITLE),
	NAME("uid", FIELD_USER_ID),
	NAME("auid", FIELD_USER_AUDIT_ID),
	NAME("euid", FIELD_USER_EFFECTIVE_ID),
	NAME("suid", FIELD_USER_SAVED_ID),
	NAME("fsuid", FIELD_USER_FILESYSTEM_ID),
	NAME("gid", FIELD_USER_GROUP_ID),
	NAME("egid", FIELD_USER_EFFECTIVE_GROUP_ID),
	NAME("sgid", FIELD_USER_SAVED_GROUP_ID),
	NAME("fsgid", FIELD_USER_FILESYSTEM_GROUP_ID),
	NAME("UID", AUDIT_USER_NAME),
	NAME("AUID", FIELD_USER_AUDIT_NAME),
	NAME("EUID", FIELD_USER_EFFECTIVE_NAME),
	NAME("SUID", FIELD_USER_SAVED_NAME),
	NAME("FSUID", FIELD_USER_FILESYSTEM_NAME),
	NAME("GID", FIELD_USER_GROUP_NAME),
	NAME("EGID", FIELD_USER_EFFECTIVE_GROUP_NAME),
	NAME("SGID", FIELD_USER_SAVED_GROUP_NAME),
	NAME("FSGID", FIELD_USER_FILESYSTEM_GROUP_NAME),
	NAME("acct", AUDIT_ACCOUNT),
	NAME("ID", AUDIT_ACCOUNT),
	NAME("grp", FIELD_GROUP_NAME),
	NAME("name", FIELD_FILE_PATH),
	NAME("path", FIELD_FILE_PATH),
	NAME("inode", FIELD_FILE_INODE),
	NAME("ino", FIELD_FILE_INODE),
	NAME("dev", FIELD_FILE_DEVICE),
	NAME("mode", AUDIT_MODE),
	NAME("ouid", FIELD_FILE_UID),
	NAME("ogid", FIELD_FILE_GID),
	NAME("OUID", FIELD_FILE_OWNER),
	NAME("OGID", FIELD_FILE_GROUP),
	NAME("arch", AUDIT_ARCH),
	NAME("ARCH", AUDIT_DROPPED),
	NAME("syscall", AUDIT_SYSCALL),
	NAME("SYSCALL", AUDIT_SYSCALL_NAME),
	NAME("success", AUDIT_RESULT),
	NAME("res", AUDIT_RESULT),
	NAME("result", AUDIT_RESULT),
	NAME("addr", AUDIT_ADDRESS),
	NAME("hostname", AUDIT_HOSTNAME),
	NAME("rport", FIELD_SOURCE_PORT),
	NAME("laddr", FIELD_DESTINATION_IP),
	NAME("lport", FIELD_DESTINATION_PORT),
	NAME("saddr", AUDIT_SOCKET),
	NAME("SADDR", AUDIT_DROPPED),
	NAME("daddr", FIELD_DESTINATION_IP),
	NAME("sport", FIELD_SOURCE_PORT),
	NAME("dport", FIELD_DESTINATION_PORT),
	NAME("src", FIELD_SOURCE_IP),
	NAME("dest", FIELD_DESTINATION_PORT),
	NAME("proto", AUDIT_PROTOCOL),
	NAME("tty", FIELD_SOC_TTY),
	NAME("terminal", FIELD_SOC_TTY),
	NAME("key", AUDIT_KEY),
	NAME("apparmor", AUDIT_APPARMOR),
	NAME("profile", FIELD_RULE_NAME),
	NAME("scontext", AUDIT_SELINUX),
	NAME("seresult", AUDIT_SELINUX_RESULT),
	NAME("items", AUDIT_DROPPED),
	NAME("item", AUDIT_DROPPED),
	NAME("rdev", AUDIT_DROPPED),
	NAME("cap_fp", AUDIT_DROPPED),
	NAME("cap_fi", AUDIT_DROPPED),
	NAME("cap_fe", AUDIT_DROPPED),
	NAME("cap_fver", AUDIT_DROPPED),
	NAME("cap_frootid", AUDIT_DROPPED),
	NAME("sw", FIELD_FILE_NAME),
};
static struct name_table table = NAME_TABLE(entries);

static bool is_nothing(struct slice value)
{
	return value.len == 0 || slice_eq(value, SLICE_LIT("?")) ||
	       slice_eq(value, SLICE_LIT("(null)")) || slice_eq(value, SLICE_LIT("unset"));
}

static void put_value(struct audit *audit, enum field_id id, struct slice value)
{
	put(audit->record, audit->context, id, value);
}

static void put_own(struct audit *audit, struct slice name, struct slice value)
{
	put_other(audit->record, audit->context, FIELD_OTHER_AUDITD, name, value);
}

/* ---- coded values ---------------------------------------------------------------- */

/* auditd writes capitals. */
static int hex_digit(char byte)
{
	if (is_digit(byte))
		return byte - '0';
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static bool is_hex(struct slice text)
{
	if (text.len == 0 || text.len % 2 != 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (hex_digit(text.ptr[i]) < 0)
			return false;
	}
	return true;
}

static struct slice decode(struct audit *audit, struct slice digits)
{
	char *bytes = arena_alloc(audit->context->arena, digits.len / 2);

	if (bytes == NULL) {
		audit->context->full = true;
		return SLICE_NONE;
	}
	for (size_t i = 0; i + 1 < digits.len; i += 2)
		bytes[i / 2] =
			(char)(hex_digit(digits.ptr[i]) * 16 + hex_digit(digits.ptr[i + 1]));
	return slice_of(bytes, digits.len / 2);
}

/* A text that users choose: decoded where it was coded. */
static struct slice text_of(struct audit *audit, struct slice value, bool coded)
{
	return coded && is_hex(value) ? decode(audit, value) : value;
}

/* NUL ends an argument; the last one's is cut off, the others become blanks. */
static struct slice joined(struct audit *audit, struct slice text)
{
	while (text.len > 0 && text.ptr[text.len - 1] == '\0')
		text.len--;
	if (slice_find(text, '\0') == text.len)
		return text;

	char *copy = arena_alloc(audit->context->arena, text.len);
	if (copy == NULL) {
		audit->context->full = true;
		return SLICE_NONE;
	}
	for (size_t i = 0; i < text.len; i++)
		copy[i] = text.ptr[i] == '\0' ? ' ' : text.ptr[i];
	return slice_of(copy, text.len);
}

/* Several keys of one rule stand behind each other with the byte 1 between. */
static void put_keys(struct audit *audit, struct slice keys)
{
	struct slice key;

	while (slice_cut(&keys, '\x01', &key))
		put_own(audit, SLICE_LIT("key"), key);
}

/* ---- socket addresses -------------------------------------------------------------- */

enum { FAMILY_UNIX = 1, FAMILY_INET = 2, FAMILY_INET6 = 10 };

static unsigned octet(struct slice bytes, size_t at)
{
	return (unsigned char)bytes.ptr[at];
}

static void put_socket_address(struct audit *audit, const struct netaddr *addr, unsigned port)
{
	char text[NETADDR_TEXT_MAX];
	struct slice copy =
		arena_copy(audit->context->arena, slice_of(text, netaddr_format(addr, text)));

	if (slice_absent(copy))
		audit->context->full = true;
	audit->socket_address = copy;
	audit->socket_port = number_text(audit->context, port);
}

static uint64_t big_endian(struct slice bytes, size_t at, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | octet(bytes, at + i);
	return value;
}

/* struct sockaddr as the kernel has it: the family in the machine's order, port and address in
 * the network's. */
static void put_socket(struct audit *audit, struct slice digits)
{
	struct netaddr addr;

	if (!is_hex(digits) || digits.len < 4 || slice_absent(digits = decode(audit, digits)))
		return;
	unsigned family = octet(digits, 0) | octet(digits, 1) << 8;
	if (octet(digits, 0) == 0)
		family = octet(digits, 1);
	if (family == FAMILY_INET && digits.len >= 8) {
		addr = (struct netaddr){
			.low = UINT64_C(0xffff) << 32 | big_endian(digits, 4, 4)};
		put_socket_address(audit, &addr, (unsigned)big_endian(digits, 2, 2));
	} else if (family == FAMILY_INET6 && digits.len >= 24) {
		addr = (struct netaddr){big_endian(digits, 8, 8), big_endian(digits, 16, 8)};
		put_socket_address(audit, &addr, (unsigned)big_endian(digits, 2, 2));
	} else if (family == FAMILY_UNIX) {
		struct slice path = slice_from(digits, 2);

		put_some(audit->record, audit->context, FIELD_FILE_PATH,
			slice_head(path, slice_find(path, '\0')));
	}
}

/* ---- single values ------------------------------------------------------------------ */

/* "0100644": the type stands before the last four digits. */
static void put_mode(struct audit *audit, struct slice mode)
{
	(void)skip_lit(&mode, "0o");
	if (all_digits(mode) && mode.len >= 4)
		put_value(audit, FIELD_FILE_MODE, slice_from(mode, mode.len - 4));
}

static void put_arch(struct audit *audit, struct slice arch)
{
	static const struct {
		struct slice code, name;
	} known[] = {
		{{SLICE_BYTES("c000003e")}, {SLICE_BYTES("x86_64")}},
		{{SLICE_BYTES("40000003")}, {SLICE_BYTES("i386")}},
		{{SLICE_BYTES("c00000b7")}, {SLICE_BYTES("aarch64")}},
		{{SLICE_BYTES("40000028")}, {SLICE_BYTES("arm")}},
		{{SLICE_BYTES("c0000015")}, {SLICE_BYTES("ppc64le")}},
		{{SLICE_BYTES("80000015")}, {SLICE_BYTES("ppc64")}},
		{{SLICE_BYTES("80000016")}, {SLICE_BYTES("s390x")}},
		{{SLICE_BYTES("c00000f3")}, {SLICE_BYTES("riscv64")}},
	};

	(void)skip_lit(&arch, "0x");
	audit->arch = arch;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_eq(known[i].code, arch))
			arch = known[i].name;
	}
	put_value(audit, FIELD_HOST_ARCHITECTURE, arch);
}

static struct slice outcome_of(struct slice result)
{
	static const char *const good[] = {"yes", "success", "1", "granted", "allowed"};
	static const char *const bad[] = {"no", "failed", "0", "fail", "failure", "denied"};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (slice_eq_nocase(result, slice_str(good[i])))
			return SLICE_LIT("success");
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (slice_eq_nocase(result, slice_str(bad[i])))
			return SLICE_LIT("failure");
	}
	return SLICE_NONE;
}

/* "/dev/pts/0", "pts/0", "(none)" */
static void put_terminal(struct audit *audit, struct slice terminal)
{
	(void)skip_lit(&terminal, "/dev/");
	if (!slice_eq(terminal, SLICE_LIT("(none)")))
		put_value(audit, FIELD_SOC_TTY, terminal);
}

static void put_number_or_text(struct audit *audit, unsigned id, struct slice value)
{
	struct slice digits = value;

	(void)skip_byte(&digits, '-');
	if (all_digits(digits))
		put_value(audit, (enum field_id)id, value);
}

static void put_field(struct audit *audit, unsigned id, struct slice value, bool coded)
{
	switch (field_type(id)) {
	case FIELD_LONG:
		put_number_or_text(audit, id, value);
		break;
	case FIELD_IP:
		put_address(audit->record, audit->context, (enum field_id)id,
			id == FIELD_SOURCE_IP ? FIELD_SOURCE_ADDRESS
					      : FIELD_DESTINATION_ADDRESS,
			value);
		break;
	default:
		if (id == FIELD_SOC_TTY)
			put_terminal(audit, value);
		else
			put_value(audit, (enum field_id)id, text_of(audit, value, coded));
	}
}

static bool takes_text(unsigned id)
{
	return id == FIELD_PROCESS_NAME || id == FIELD_PROCESS_EXECUTABLE ||
	       id == FIELD_PROCESS_WORKING_DIRECTORY || id == FIELD_PROCESS_COMMAND_LINE ||
	       id == FIELD_FILE_PATH || id == FIELD_GROUP_NAME || id == FIELD_FILE_NAME;
}

static void put_special(struct audit *audit, unsigned meaning, struct slice name,
	struct slice value, bool coded)
{
	switch ((enum audit_meaning)meaning) {
	case AUDIT_DROPPED:
		break;
	case AUDIT_ARCH:
		put_arch(audit, value);
		break;
	case AUDIT_SYSCALL:
		audit->syscall = value;
		break;
	case AUDIT_SYSCALL_NAME:
		audit->syscall_name = value;
		break;
	case AUDIT_RESULT:
		audit->outcome = outcome_of(value);
		break;
	case AUDIT_ADDRESS:
		audit->addr = value;
		break;
	case AUDIT_HOSTNAME:
		audit->hostname = value;
		break;
	case AUDIT_SOCKET:
		if (coded && is_hex(value))
			put_socket(audit, value);
		else
			put_field(audit, FIELD_SOURCE_IP, value, false);
		break;
	case AUDIT_ACCOUNT:
		if (slice_absent(audit->account))
			audit->account = text_of(audit, value, coded);
		break;
	case AUDIT_USER_NAME:
		audit->user_name = value;
		break;
	case AUDIT_MODE:
		put_mode(audit, value);
		break;
	case AUDIT_TITLE:
		put_value(audit, FIELD_PROCESS_TITLE,
			joined(audit, text_of(audit, value, coded)));
		break;
	case AUDIT_KEY:
		put_keys(audit, text_of(audit, value, coded));
		break;
	case AUDIT_APPARMOR:
		audit->policy = AUDIT_POLICY_APPARMOR;
		audit->outcome = outcome_of(value);
		put_own(audit, name, value);
		break;
	case AUDIT_SELINUX:
		audit->policy = AUDIT_POLICY_SELINUX;
		put_own(audit, name, value);
		break;
	case AUDIT_SELINUX_RESULT:
		audit->outcome = outcome_of(value);
		put_own(audit, name, value);
		break;
	case AUDIT_PROTOCOL:
		put_transport(audit->record, audit->context, value);
		break;
	}
}

void audit_put_argument(struct audit *audit, struct slice argument)
{
	put_value(audit, FIELD_PROCESS_ARGS, argument);
	if (audit->n_arguments < AUDIT_ARGUMENTS_MAX && !slice_absent(argument))
		audit->arguments[audit->n_arguments++] = argument;
}

/* "a0", "a12", of EXECVE; parts of long ones, "a2[0]", follow each other. */
static bool put_argument(struct audit *audit, struct slice name, struct slice value, bool coded)
{
	if (audit->type == NULL || audit->type->number != 1309 || name.len < 2 ||
		name.ptr[0] != 'a' || !is_digit(name.ptr[1]))
		return false;
	if (slice_ends(name, SLICE_LIT("_len")))
		return true;
	audit_put_argument(audit, text_of(audit, value, coded));
	return true;
}

void audit_put(struct audit *audit, struct slice name, struct slice value, bool coded)
{
	unsigned meaning;

	if (is_nothing(value) || put_argument(audit, name, value, coded))
		return;
	meaning = name_table_find(&table, name, name_hash(name));
	if (meaning == 0)
		put_own(audit, name, value);
	else if (meaning >= FIELD_ID_MAX)
		put_special(audit, meaning, name, value, coded);
	else
		put_field(audit, meaning, value, coded && takes_text(meaning));
}

/* ---- what several values say together ------------------------------------------------ */

static void put_command_line(struct audit *audit)
{
	size_t size = 0;
	char *text, *to;

	for (unsigned i = 0; i < audit->n_arguments; i++)
		size += audit->arguments[i].len + 1;
	if (size == 0)
		return;
	text = to = arena_alloc(audit->context->arena, size);
	if (text == NULL) {
		audit->context->full = true;
		return;
	}
	for (unsigned i = 0; i < audit->n_arguments; i++) {
		memcpy(to, audit->arguments[i].ptr, audit->arguments[i].len);
		to += audit->arguments[i].len;
		*to++ = ' ';
	}
	put_value(audit, FIELD_PROCESS_COMMAND_LINE, slice_of(text, size - 1));
}

static void put_syscall(struct audit *audit)
{
	struct slice name = audit->syscall_name;

	if (slice_absent(audit->syscall))
		return;
	put_own(audit, SLICE_LIT("syscall"), slice_absent(name) ? audit->syscall : name);
	if (slice_eq(name, SLICE_LIT("accept")) || slice_eq(name, SLICE_LIT("accept4")))
		put_value(audit, FIELD_NETWORK_DIRECTION, SLICE_LIT("ingress"));
	else if (slice_eq(name, SLICE_LIT("connect")))
		put_value(audit, FIELD_NETWORK_DIRECTION, SLICE_LIT("egress"));
}

/* Only the record of the system call says whether a socket's address is ours or theirs. */
static void put_socket_side(struct audit *audit)
{
	bool theirs = slice_eq(audit->syscall_name, SLICE_LIT("connect"));
	bool came = slice_starts(audit->syscall_name, SLICE_LIT("accept"));

	if (slice_absent(audit->socket_address))
		return;
	if (audit->whole_event && (theirs || came)) {
		put_address(audit->record, audit->context,
			theirs ? FIELD_DESTINATION_IP : FIELD_SOURCE_IP,
			theirs ? FIELD_DESTINATION_ADDRESS : FIELD_SOURCE_ADDRESS,
			audit->socket_address);
		put_digits(audit->record, audit->context,
			theirs ? FIELD_DESTINATION_PORT : FIELD_SOURCE_PORT,
			audit->socket_port);
	} else {
		put_own(audit, SLICE_LIT("address"), audit->socket_address);
		put_own(audit, SLICE_LIT("port"), audit->socket_port);
	}
}

/* sshd and others write the address under both names, or a name and "?". */
static void put_peer(struct audit *audit)
{
	struct slice peer = slice_absent(audit->addr) ? audit->hostname : audit->addr;

	if (!slice_absent(peer))
		put_address(audit->record, audit->context, FIELD_SOURCE_IP,
			FIELD_SOURCE_ADDRESS, peer);
	if (!slice_absent(audit->hostname) && !slice_eq(audit->hostname, peer))
		put_value(audit, FIELD_SOURCE_DOMAIN, audit->hostname);
}

/* An account that something is done to, or the user whose process it is. */
static void put_user(struct audit *audit)
{
	put_value(audit, FIELD_USER_NAME,
		slice_absent(audit->account) ? audit->user_name : audit->account);
}

static struct slice action_of(const struct audit *audit, struct slice name)
{
	if (audit->type == NULL)
		return name;
	if (audit->type->number != 1400)
		return audit->type->meaning.action;
	switch (audit->policy) {
	case AUDIT_POLICY_SELINUX:
		return SLICE_LIT("violated-selinux-policy");
	case AUDIT_POLICY_APPARMOR:
		return SLICE_LIT("violated-apparmor-policy");
	case AUDIT_POLICY_NONE:
		break;
	}
	return audit->type->meaning.action;
}

void audit_finish(struct audit *audit, struct slice name)
{
	struct meaning meaning = {0};

	if (slice_absent(audit->syscall_name))
		audit->syscall_name = audit_syscall_name(audit->arch, audit->syscall);
	if (audit->type != NULL)
		meaning = audit->type->meaning;
	meaning.action = action_of(audit, name);
	if (audit->whole_event && !audit->typed && !slice_absent(audit->syscall_name) &&
		audit_syscall_meaning(audit->syscall_name) != NULL)
		meaning = *audit_syscall_meaning(audit->syscall_name);
	meaning.outcome = audit->outcome;
	put_meaning(audit->record, audit->context, &meaning);
	put_own(audit, SLICE_LIT("record_type"), name);
	put_syscall(audit);
	put_socket_side(audit);
	put_peer(audit);
	put_user(audit);
	put_command_line(audit);
}
