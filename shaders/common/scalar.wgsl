// The scalar alias set: a kernel folds one value at a time.
alias V = f32;
alias U = u32;
alias I = i32;
alias B = bool;
