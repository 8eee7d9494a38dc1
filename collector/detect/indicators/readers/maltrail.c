/*
 * Trails of maltrail (github.com/stamparm/maltrail): trails/static/KIND/NAME.txt, where KIND is
 * malware, malicious or suspicious and NAME the family. Lines are those of plain lists; paths
 * of URLs without a host are among them.
 */
#include "collector/detect/indicators/reader.h"

#include "collector/detect/indicators/words.h"

/* How sure a kind is, where settings say nothing. */
static const struct {
	struct slice kind;
	uint8_t confidence;
	enum attack_class attack;
} kinds[] = {
	{{SLICE_BYTES("malware")}, 70, CLASS_MALWARE},
	{{SLICE_BYTES("malicious")}, 60, CLASS_OTHER},
	{{SLICE_BYTES("suspicious")}, 30, CLASS_NONE},
};

static bool is_below_trails(const struct feed *feed)
{
	struct slice above = feed_folder(feed->path, 2), own = feed_folder(feed->path, 1);

	return slice_eq(above, SLICE_LIT("static")) || slice_eq(above, SLICE_LIT("trails")) ||
	       ((slice_eq(own, SLICE_LIT("static")) || slice_eq(own, SLICE_LIT("custom"))) &&
		       slice_eq(above, SLICE_LIT("trails")));
}

static bool is_mine(const struct feed *feed)
{
	return feed->root == NULL && slice_ends(feed->path, SLICE_LIT(".txt")) &&
	       is_below_trails(feed);
}

static void read_trails(struct reading *reading, const struct feed *feed)
{
	struct indicator_fact fact = reading_fact(reading);
	struct slice folder = feed_folder(feed->path, 1);
	enum attack_class attack;

	fact.label = feed_stem(feed->path);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!slice_eq(folder, kinds[i].kind))
			continue;
		fact.confidence = kinds[i].confidence;
		if (fact.attack == CLASS_NONE)
			fact.attack = kinds[i].attack;
	}
	attack = indicator_class_of(fact.label);
	if (reading->standard.attack == CLASS_NONE && attack != CLASS_NONE)
		fact.attack = attack;
	plain_read_lines(reading, feed->text, &fact);
}

const struct indicator_reader reader_maltrail = {
	"maltrail", "trails by file, as maltrail keeps them", is_mine, read_trails};
