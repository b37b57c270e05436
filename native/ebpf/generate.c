/* generate IN.bpf.o OUT.h: writes the loader programs of the sensor (libbpf's gen_loader) as C arrays, once for uprobe_multi links and once for
 * perf events. Build time only; runs without privileges. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* BPF_TRACE_UPROBE_MULTI of linux/bpf.h since 6.6; the headers here may be older. */
#define UPROBE_MULTI 48

static void dump(FILE *out, const char *variant, const char *what, const void *bytes, size_t length) {
  fprintf(out, "static const unsigned char %s_%s[%zu] __attribute__((aligned(8))) = {", variant, what, length);
  for (size_t i = 0; i < length; i++) fprintf(out, "%s%d,", i % 24 ? "" : "\n", ((const unsigned char *)bytes)[i]);
  fprintf(out, "};\n");
}

static int one(const char *object, const char *variant, FILE *out) {
  struct bpf_object *o = bpf_object__open_file(object, 0);
  if (!o) return fprintf(stderr, "open %s: %s\n", object, strerror(errno)), 1;
  struct bpf_program *p;
  struct bpf_map *m;
  int is_multi = !strcmp(variant, "multi");
  bpf_object__for_each_program(p, o) if (is_multi && !strcmp(bpf_program__section_name(p), "uprobe"))
      bpf_program__set_expected_attach_type(p, UPROBE_MULTI);
  struct gen_loader_opts g = {.sz = sizeof g};
  if (bpf_object__gen_loader(o, &g) || bpf_object__load(o)) return fprintf(stderr, "gen_loader failed\n"), 1;
  dump(out, variant, "insns", g.insns, g.insns_sz);
  dump(out, variant, "data", g.data, g.data_sz);
  if (is_multi) {
    int n = 0;
    fprintf(out, "static const char *const map_names[] = {");
    bpf_object__for_each_map(m, o) {
      fprintf(out, "\"%s\",", bpf_map__name(m));
      n++;
    }
    fprintf(out, "};\n#define MAPS %d\n", n);
    n = 0;
    fprintf(out, "static const char *const program_names[] = {");
    bpf_object__for_each_program(p, o) {
      fprintf(out, "\"%s\",", bpf_program__name(p));
      n++;
    }
    fprintf(out, "};\n#define PROGRAMS %d\n", n);
  }
  bpf_object__close(o);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: generate IN.bpf.o OUT.h\n"), 2;
  FILE *out = fopen(argv[2], "w");
  if (!out) return perror(argv[2]), 1;
  int failed = one(argv[1], "multi", out) || one(argv[1], "perf", out);
  return fclose(out) || failed;
}
