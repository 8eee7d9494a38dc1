/* avreport_show - the malware report (M1) as a list for people */

#include "collector/national/shown.h"
#include "collector/national/types/types.h"
#include "collector/national/xml.h"

enum { TEXT_MAX = 4096 };

static void show_value(FILE *out, const xmlNode *node)
{
	struct strbuf value = STRBUF_INIT(TEXT_MAX);

	if (node != NULL)
		xml_text(node, &value);
	fprintf(out, "%s\n", value.len > 0 ? SHOWN(strbuf_slice(&value)) : "none");
	strbuf_done(&value);
}

static void add_element(struct shown_list *list, const xmlNode *node)
{
	struct strbuf value = STRBUF_INIT(TEXT_MAX);

	xml_text(node, &value);
	if (value.len > 0)
		shown_add(list, slice_str((const char *)node->name), strbuf_slice(&value));
	strbuf_done(&value);
}

static void add_attribute(struct shown_list *list, const xmlNode *node, const char *name)
{
	struct strbuf value = STRBUF_INIT(TEXT_MAX);

	xml_attribute(node, name, &value);
	shown_add(list, slice_str(name), strbuf_slice(&value));
	strbuf_done(&value);
}

static void indent_to(FILE *out, unsigned columns)
{
	fprintf(out, "%*s", (int)columns, "");
}

/* The members of `parent` that have a text, under their own names: whatever somebody else's
 * report has in it. */
static void show_members(FILE *out, const xmlNode *parent, unsigned indent)
{
	struct shown_list list = {.out = out, .indent = indent, .column = indent};
	xmlNode *member = parent != NULL ? xml_element(parent->children) : NULL;

	for (; member != NULL; member = xml_element(member->next))
		add_element(&list, member);
	shown_end(&list);
}

static void show_machine(FILE *out, const xmlNode *machine)
{
	struct shown_list list = {.out = out, .indent = 12, .column = 20};

	fputs("machine ", out);
	add_attribute(&list, machine, "name");
	add_attribute(&list, machine, "ip");
	shown_end(&list);
	for (xmlNode *info = xml_element(machine->children); info != NULL;
		info = xml_element(info->next)) {
		indent_to(out, 14);
		show_members(out, info, 14);
	}
}

static void show_machines(FILE *out, xmlNode *machine)
{
	for (unsigned indent = 0; machine != NULL; machine = xml_element(machine->next)) {
		indent_to(out, indent);
		show_machine(out, machine);
		indent = 12;
	}
}

static void show_section(FILE *out, const xmlNode *section)
{
	xmlNode *first = xml_element(section->children);

	fprintf(out, "  %-9s ", SHOWN(slice_str((const char *)section->name)));
	if (first == NULL)
		show_value(out, section);
	else if (xml_is(first, "Machine", NULL))
		show_machines(out, first);
	else
		show_members(out, section, 12);
}

static void show_report(FILE *out, const xmlNode *report)
{
	xmlNode *section = report != NULL ? xml_element(report->children) : NULL;
	struct strbuf name = STRBUF_INIT(TEXT_MAX);

	xml_attribute(report, "name", &name);
	fprintf(out, "  product   %s\n", SHOWN(strbuf_slice(&name)));
	strbuf_done(&name);
	for (; section != NULL; section = xml_element(section->next))
		show_section(out, section);
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

	fputs("malware report (M1)\n", out);
	if (header != NULL) {
		fputs("  from      ", out);
		show_members(out, child(header, "From"), 12);
		fputs("  subject   ", out);
		show_value(out, child(header, "Subject"));
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
