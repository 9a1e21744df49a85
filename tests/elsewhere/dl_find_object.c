/* `_dl_find_object` of glibc, by which GCC's unwinder finds its tables and which musl lacks. */
#define _GNU_SOURCE
#include <link.h>

/* The beginning of glibc's `struct dl_find_object`. */
struct object {
    unsigned long long flags;
    void *start, *end;
    struct link_map *map;
    void *eh_frame;
};

struct search {
    ElfW(Addr) address;
    struct object *object;
};

static int look(struct dl_phdr_info *info, size_t size, void *data)
{
    struct search *search = data;
    struct object object = {0};
    int is_within = 0;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        ElfW(Addr) start = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_GNU_EH_FRAME) {
            object.eh_frame = (void *)start;
        } else if (part->p_type == PT_LOAD && search->address - start < part->p_memsz) {
            is_within = 1;
            object.start = (void *)start;
            object.end = (void *)(start + part->p_memsz);
        }
    }
    if (!is_within || !object.eh_frame)
        return 0;
    *search->object = object;
    return 1;
}

int _dl_find_object(void *address, struct object *object)
{
    struct search search = {(ElfW(Addr))address, object};
    return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
