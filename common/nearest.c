#include "common/nearest.h"

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned nearest_distance(struct slice a, struct slice b)
{
	unsigned rows[3][NEAREST_WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	if (a.len > NEAREST_WORD_MAX || b.len > NEAREST_WORD_MAX)
		return NEAREST_WORD_MAX + 1;
	for (unsigned j = 0; j <= b.len; j++)
		last[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned replace = last[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);

			row[j] = least(replace, least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] &&
				a.ptr[i - 2] == b.ptr[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		unsigned *oldest = before;
		before = last;
		last = row;
		row = oldest;
	}
	return last[b.len];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	unsigned distance = nearest_distance(nearest->word, slice_str(candidate));
	size_t allowed = nearest->word.len / 3 + (nearest->word.len < 3);

	if (distance > allowed || (nearest->best != NULL && distance >= nearest->distance))
		return;
	nearest->best = candidate;
	nearest->distance = distance;
}
