/* avreport_show - the malware report (M1) as a list for people */

#include "collector/national/types/types.h"
#include "collector/national/xml.h"

enum { TEXT_MAX = 4096 };

/* Writes "label 'text'", escaped for a terminal. */
static void show_text(FILE *out, const char *label, struct slice text)
{
	fprintf(out, "%s%s", label, MISTAKE_TEXT(text));
}

static void show_element(FILE *out, const char *label, const xmlNode *node)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	xml_text(node, &text);
	show_text(out, label, strbuf_slice(&text));
	strbuf_done(&text);
}

static void show_attribute(FILE *out, const char *label, const xmlNode *node, const char *name)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	xml_attribute(node, name, &text);
	show_text(out, label, strbuf_slice(&text));
	strbuf_done(&text);
}

/* Names of elements are shown as they are: whatever somebody else's report has in it. */
static void show_members(FILE *out, const xmlNode *parent)
{
	xmlNode *member = parent != NULL ? xml_element(parent->children) : NULL;

	for (; member != NULL; member = xml_element(member->next)) {
		show_text(out, " ", slice_str((const char *)member->name));
		show_element(out, " ", member);
	}
	fputc('\n', out);
}

static void show_machines(FILE *out, const xmlNode *section)
{
	xmlNode *machine = section != NULL ? xml_element(section->children) : NULL;

	for (; machine != NULL; machine = xml_element(machine->next)) {
		show_attribute(out, "  machine ", machine, "name");
		show_attribute(out, " at ", machine, "ip");
		fputc('\n', out);
		for (xmlNode *info = xml_element(machine->children); info != NULL;
			info = xml_element(info->next)) {
			fputs("   ", out);
			show_members(out, info);
		}
	}
}

static void show_report(FILE *out, const xmlNode *report)
{
	xmlNode *section = report != NULL ? xml_element(report->children) : NULL;

	show_attribute(out, "product ", report, "name");
	fputc('\n', out);
	for (; section != NULL; section = xml_element(section->next)) {
		bool is_list = section->children != NULL &&
			       xml_is(xml_element(section->children), "Machine", NULL);

		show_text(out, "", slice_str((const char *)section->name));
		if (is_list) {
			fputc('\n', out);
			show_machines(out, section);
		} else {
			show_element(out, " ", section);
			fputc('\n', out);
		}
	}
}

/* Whatever namespace edXML is spelled with. */
static xmlNode *child(const xmlNode *parent, const char *name)
{
	xmlNode *node = parent != NULL ? xml_element(parent->children) : NULL;

	while (node != NULL && strcmp((const char *)node->name, name) != 0)
		node = xml_element(node->next);
	return node;
}

static void show_document(FILE *out, xmlDoc *doc)
{
	const xmlNode *root = xmlDocGetRootElement(doc);
	const xmlNode *header = child(child(root, "edXMLHeader"), "MessageHeader");
	const xmlNode *inside = child(child(root, "edXMLBody"), "AVReport");

	fputs("malware report\n", out);
	if (header != NULL) {
		fputs("from", out);
		show_members(out, child(header, "From"));
		show_element(out, "subject ", child(header, "Subject"));
		fputc('\n', out);
	}
	show_report(out, inside != NULL ? inside : root);
}

bool avreport_show(struct slice body, FILE *out, struct err *err)
{
	struct strbuf text = STRBUF_INIT(ERR_TEXT_MAX);
	struct mistakes mistakes = mistakes_into(&text, "message");
	xmlDoc *doc = xml_read(body, &mistakes);

	if (doc != NULL)
		show_document(out, doc);
	else
		err_set(err, "%s", strbuf_cstr(&text));
	strbuf_done(&text);
	xmlFreeDoc(doc);
	return doc != NULL;
}
