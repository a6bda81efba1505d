// Preloaded into tinct, counts what the loops of a replay allocate, retain and release, and writes it as JSON to the file
// that the environment names in TINCT_COUNTS. Threads are told by the timers they ask for: only loops want them sharp.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct counts { unsigned long allocations, references; };
static struct counts loops;
// Where the calling thread's counts go; none but those of loops are kept.
__attribute__((visibility("hidden"), tls_model("initial-exec"))) __thread struct counts *mine;

int prctl(int option, ...) {
    va_list words;
    va_start(words, option);
    unsigned long a = va_arg(words, unsigned long), b = va_arg(words, unsigned long), c = va_arg(words, unsigned long),
                  d = va_arg(words, unsigned long);
    va_end(words);
    if (option == PR_SET_TIMERSLACK) mine = &loops;
    return (int)syscall(SYS_prctl, option, a, b, c, d);
}

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t),
    *__libc_memalign(size_t, size_t);
static void count(void) {
    if (mine) mine->allocations++;
}
void *malloc(size_t size) { count(); return __libc_malloc(size); }
void *calloc(size_t number, size_t size) { count(); return __libc_calloc(number, size); }
void *realloc(void *old, size_t size) { count(); return __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { count(); return __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { count(); return __libc_memalign(alignment, size); }
int posix_memalign(void **out, size_t alignment, size_t size) {
    count();
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

// The runtime's entry points keep more registers than C's do, so that they are counted without touching any but the one
// that every call may change.
#define COUNTED(name)                                                                                            \
    __attribute__((visibility("hidden"))) void *real_##name;                                                     \
    __attribute__((visibility("hidden"), used)) void find_##name(void) { real_##name = dlsym(RTLD_NEXT, #name); } \
    __asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name ":\n"                                  \
            "cmpq $0, real_" #name "(%rip)\njne 1f\n"                                                            \
            "push %rax\npush %rdi\npush %rsi\npush %rdx\npush %rcx\npush %r8\npush %r9\npush %r10\nsub $8, %rsp\n" \
            "call find_" #name "\n"                                                                              \
            "add $8, %rsp\npop %r10\npop %r9\npop %r8\npop %rcx\npop %rdx\npop %rsi\npop %rdi\npop %rax\n"         \
            "1: movq mine@gottpoff(%rip), %r11\nmovq %fs:(%r11), %r11\ntestq %r11, %r11\njz 2f\nincq 8(%r11)\n"    \
            "2: jmp *real_" #name "(%rip)\n");
COUNTED(swift_retain)
COUNTED(swift_release)
COUNTED(swift_retain_n)
COUNTED(swift_release_n)
COUNTED(swift_bridgeObjectRetain)
COUNTED(swift_bridgeObjectRelease)
COUNTED(swift_bridgeObjectRetain_n)
COUNTED(swift_bridgeObjectRelease_n)

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("TINCT_COUNTS");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "{\"allocations\": %lu, \"references\": %lu}\n", loops.allocations, loops.references);
    fclose(file);
}
