#include "collector/normalize/families/audit_text.h"

#include "collector/normalize/text/stamp.h"

enum { TYPE_MAX = 32, NAME_MAX_BYTES = 64 };

static bool is_type_byte(char byte)
{
	return (byte >= 'A' && byte <= 'Z') || is_digit(byte) || byte == '_';
}

static bool take_type(struct slice *rest, struct slice *type)
{
	size_t len = 0;

	while (len < rest->len && is_type_byte(rest->ptr[len]))
		len++;
	if (len < 3 || len > TYPE_MAX)
		return false;
	*type = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	if (skip_byte(rest, '[')) /* UNKNOWN[1334] */
		return take_until(rest, ']', type);
	return true;
}

/* "audit(1481076984.827:17): ", with "msg=" before it in auditd's own lines */
static bool take_id(struct slice *rest, struct audit_header *header)
{
	struct slice serial;

	(void)skip_lit(rest, "msg=");
	if (!skip_lit(rest, "audit(") || !take_until(rest, ')', &header->id))
		return false;
	size_t colon = slice_find(header->id, ':');
	if (colon == header->id.len ||
		!stamp_from_epoch(slice_head(header->id, colon), &header->ns))
		return false;
	serial = slice_from(header->id, colon + 1);
	if (!all_digits(serial))
		return false;
	header->serial = serial;
	header->stamped = true;
	(void)skip_byte(rest, ':');
	return true;
}

/* "[12345.678901] audit: " of the kernel */
static void skip_kernel(struct slice *rest)
{
	struct slice at = *rest, uptime;

	if (skip_byte(&at, '[') && take_until(&at, ']', &uptime)) {
		skip_blanks(&at);
		*rest = at;
	}
	if (skip_lit(rest, "audit: "))
		skip_blanks(rest);
}

bool audit_take_header(struct slice *rest, struct slice program, struct audit_header *header)
{
	skip_kernel(rest);
	if (skip_lit(rest, "node=")) {
		header->node = take_word(rest);
		skip_blanks(rest);
	}
	if (skip_lit(rest, "type="))
		return take_type(rest, &header->type) && skip_byte(rest, ' ') &&
		       take_id(rest, header);
	/* journald has cut off number and stamp */
	return slice_eq(program, SLICE_LIT("audit")) && take_type(rest, &header->type) &&
	       (rest->len == 0 || rest->ptr[0] == ' ') &&
	       audit_type_by_name(header->type) != NULL;
}

/* ---- values ------------------------------------------------------------------------ */

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
	       byte == '_' || byte == '-' || byte == '[' || byte == ']';
}

static bool take_name(struct slice *rest, struct slice *name)
{
	size_t len = 0;

	while (len < rest->len && is_name_byte(rest->ptr[len]))
		len++;
	if (len == 0 || len > NAME_MAX_BYTES || len == rest->len || rest->ptr[len] != '=')
		return false;
	*name = slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	return true;
}

static bool is_between(char byte)
{
	return byte == ' ' || byte == '\x1d' || byte == ',' || byte == '(' || byte == ')' ||
	       byte == '\'' || byte == '{' || byte == '}';
}

/* A word that is no pair: "auditd start", "avc: denied", ":". */
static void skip_word(struct slice *rest)
{
	size_t len = 0;

	while (len < rest->len && !is_between(rest->ptr[len]))
		len++;
	*rest = slice_from(*rest, len > 0 ? len : 1);
}

static struct slice take_bare(struct slice *rest)
{
	size_t len = 0;

	while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != '\x1d' &&
		rest->ptr[len] != '\'')
		len++;
	struct slice value = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	/* "(hostname=?, addr=?)" of old programs */
	while (value.len > 0 &&
		(value.ptr[value.len - 1] == ',' || value.ptr[value.len - 1] == ')') &&
		value.ptr[0] != '(')
		value.len--;
	return value;
}

static void take_pair(struct audit *audit, struct slice *rest, struct slice name)
{
	struct slice value;

	if (slice_eq(name, SLICE_LIT("msg")) && skip_byte(rest, '\''))
		return; /* pairs follow inside */
	if (rest->len > 0 && rest->ptr[0] == '"') {
		struct slice inside = slice_from(*rest, 1);

		if (take_until(&inside, '"', &value)) {
			*rest = inside;
			audit_put(audit, name, value, false);
			return;
		}
	}
	if (slice_eq(name, SLICE_LIT("SADDR")) && skip_byte(rest, '{')) {
		if (!take_until(rest, '}', &value)) /* said by saddr */
			*rest = slice_from(*rest, rest->len);
		return;
	}
	value = take_bare(rest);
	audit_put(audit, name, value, true);
}

/* "avc:  denied  { read } for": what SELinux refused */
static void take_selinux(struct audit *audit, struct slice *rest)
{
	struct slice at = *rest, what;

	if (!skip_lit(&at, "avc:"))
		return;
	skip_blanks(&at);
	struct slice result = take_word(&at);
	skip_blanks(&at);
	if (skip_byte(&at, '{') && take_until(&at, '}', &what))
		audit_put(audit, SLICE_LIT("seperms"), slice_trim(what), false);
	audit_put(audit, SLICE_LIT("seresult"), result, false);
	*rest = at;
}

void audit_read_values(struct audit *audit, struct slice rest)
{
	struct slice name;

	skip_blanks(&rest);
	take_selinux(audit, &rest);
	while (rest.len > 0) {
		if (is_between(rest.ptr[0]))
			rest = slice_from(rest, 1);
		else if (take_name(&rest, &name))
			take_pair(audit, &rest, name);
		else
			skip_word(&rest);
	}
}

const struct audit_type *audit_type_of(const struct audit_header *header)
{
	return is_digit(header->type.ptr[0]) ? audit_type_by_number(header->type)
					     : audit_type_by_name(header->type);
}
