#include "common/unit.h"

const struct unit unit_bytes[] = {
	{"B", 1},
	{"KiB", UINT64_C(1) << 10},
	{"MiB", UINT64_C(1) << 20},
	{"GiB", UINT64_C(1) << 30},
	{"TiB", UINT64_C(1) << 40},
	{"kB", UINT64_C(1000)},
	{"KB", UINT64_C(1000)},
	{"MB", UINT64_C(1000000)},
	{"GB", UINT64_C(1000000000)},
	{"TB", UINT64_C(1000000000000)},
	{0},
};

const struct unit unit_duration[] = {
	{"ms", 1},
	{"s", 1000},
	{"m", 60 * 1000},
	{"h", 60 * 60 * 1000},
	{"d", 24 * 60 * 60 * 1000},
	{0},
};

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static uint64_t factor_of(const struct unit *units, struct slice name)
{
	for (; units->name != NULL; units++) {
		if (slice_eq(name, slice_str(units->name)))
			return units->factor;
	}
	return 0;
}

enum unit_status unit_parse(const struct unit *units, struct slice text, uint64_t *amount)
{
	size_t n_digits = 0;
	uint64_t number;

	while (n_digits < text.len && is_digit(text.ptr[n_digits]))
		n_digits++;
	if (n_digits == 0 || (n_digits > 1 && text.ptr[0] == '0'))
		return UNIT_NO_NUMBER;
	if (!slice_to_u64(slice_head(text, n_digits), UINT64_MAX, &number))
		return UNIT_TOO_LARGE;

	struct slice name = slice_from(text, n_digits);
	if (name.len > 0 && name.ptr[0] == ' ')
		name = slice_from(name, 1);
	if (name.len == 0 && number > 0)
		return UNIT_MISSING;

	uint64_t factor = name.len == 0 ? 1 : factor_of(units, name);
	if (factor == 0)
		return UNIT_UNKNOWN;
	if (number > UINT64_MAX / factor)
		return UNIT_TOO_LARGE;
	*amount = number * factor;
	return UNIT_OK;
}

void unit_format(const struct unit *units, uint64_t amount, struct strbuf *out)
{
	const struct unit *best = &units[0];

	for (const struct unit *unit = units; unit->name != NULL; unit++) {
		if (amount > 0 && amount % unit->factor == 0 && unit->factor > best->factor)
			best = unit;
	}
	strbuf_add_u64(out, amount / best->factor);
	strbuf_add_str(out, best->name);
}
