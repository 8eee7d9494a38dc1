/* Names are those of RFC 3492 §6. */
#include "common/punycode.h"

#include "common/utf8.h"

enum {
	BASE = 36,
	TMIN = 1,
	TMAX = 26,
	SKEW = 38,
	DAMP = 700,
	INITIAL_BIAS = 72,
	INITIAL_N = 0x80,
};

struct writing {
	char *out;
	size_t len;
	bool full;
};

static void put(struct writing *to, char byte)
{
	if (to->len == DOMAIN_LABEL_MAX)
		to->full = true;
	else
		to->out[to->len++] = byte;
}

static char digit(uint32_t value)
{
	return (char)(value < 26 ? 'a' + value : '0' + (value - 26));
}

static uint32_t adapt(uint32_t delta, uint32_t n_points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / n_points;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
	if (k <= bias)
		return TMIN;
	return k >= bias + TMAX ? TMAX : k - bias;
}

/* A number of variable length, RFC 3492 §3.3. */
static void put_delta(struct writing *to, uint32_t delta, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = threshold(k, bias);

		if (delta < t)
			break;
		put(to, digit(t + (delta - t) % (BASE - t)));
		delta = (delta - t) / (BASE - t);
	}
	put(to, digit(delta));
}

/* The code points of the label; false when it is no UTF-8 or has too many. */
static bool read_points(struct slice label, uint32_t *points, uint32_t *n)
{
	static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

	for (*n = 0; label.len > 0; ++*n) {
		size_t width = utf8_width(label);
		uint32_t point;

		if (width == 0 || *n == DOMAIN_LABEL_MAX)
			return false;
		point = (unsigned char)label.ptr[0] & lead[width];
		for (size_t i = 1; i < width; i++)
			point = point << 6 | ((unsigned char)label.ptr[i] & 0x3f);
		points[*n] = point;
		label = slice_from(label, width);
	}
	return true;
}

static uint32_t least_from(const uint32_t *points, uint32_t n, uint32_t from)
{
	uint32_t least = UINT32_MAX;

	for (uint32_t i = 0; i < n; i++) {
		if (points[i] >= from && points[i] < least)
			least = points[i];
	}
	return least;
}

/* RFC 3492 §6.3. With 63 points of 21 bits nothing overflows. */
static void encode(struct writing *to, const uint32_t *points, uint32_t n_points)
{
	uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS, basic = 0, done;

	for (uint32_t i = 0; i < n_points; i++) {
		if (points[i] < INITIAL_N) {
			put(to, (char)points[i]);
			basic++;
		}
	}
	if (basic > 0)
		put(to, '-');
	for (done = basic; done < n_points; n++, delta++) {
		uint32_t least = least_from(points, n_points, n);

		delta += (least - n) * (done + 1);
		n = least;
		for (uint32_t i = 0; i < n_points; i++) {
			delta += points[i] < n;
			if (points[i] != n)
				continue;
			put_delta(to, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
}

bool punycode_label(struct slice label, char *out, size_t *len)
{
	uint32_t points[DOMAIN_LABEL_MAX], n = 0;
	struct writing to = {.out = out};

	if (!read_points(label, points, &n))
		return false;
	if (n == label.len) { /* all ASCII */
		memcpy(out, label.ptr, label.len);
		*len = label.len;
		return true;
	}
	for (const char *mark = "xn--"; *mark != '\0'; mark++)
		put(&to, *mark);
	encode(&to, points, n);
	*len = to.len;
	return !to.full;
}
