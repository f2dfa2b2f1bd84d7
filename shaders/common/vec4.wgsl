// The vector alias set: a kernel folds four channels at a time, lane by lane.
alias V = vec4<f32>;
alias U = vec4<u32>;
alias I = vec4<i32>;
alias B = vec4<bool>;
