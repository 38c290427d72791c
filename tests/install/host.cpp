// Loads program.cpp as a shared object and runs it, as an interpreter does with its extensions.
#include <dlfcn.h>

#include <cstdio>

int main(int argc, char** argv) {
  auto* const library = dlopen(PROGRAM, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  auto* const run = reinterpret_cast<int (*)(int, char**)>(dlsym(library, "run_program"));
  return run ? run(argc, argv) : 1;
}
