#pragma once
// What Swift cannot say of Linux: macros, variadic functions and flags that its Glibc overlay leaves out.
