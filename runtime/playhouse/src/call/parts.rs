//! The elements of a tuple by position, so that a macro can name the type of the n-th argument.

/// A tuple with an element at `N`. Implemented for tuples of up to 24.
pub trait Nth<const N: usize> {
    /// The type of that element.
    type Type;
}

macro_rules! nth {
    ($($all:ident)*) => { nth!(@each [$($all)*] [] $($all)*); };
    (@each $all:tt [$($seen:ident)*]) => {};
    (@each [$($all:ident)*] [$($seen:ident)*] $first:ident $($rest:ident)*) => {
        nth!(@one [$($all)*] $first 0usize $(+ { stringify!($seen); 1 })*);
        nth!(@each [$($all)*] [$($seen)* $first] $($rest)*);
    };
    (@one [$($all:ident)*] $this:ident $position:expr) => {
        impl<$($all),*> Nth<{ $position }> for ($($all,)*) {
            type Type = $this;
        }
    };
}

nth!(A);
nth!(A B);
nth!(A B C);
nth!(A B C D);
nth!(A B C D E);
nth!(A B C D E F);
nth!(A B C D E F G);
nth!(A B C D E F G H);
nth!(A B C D E F G H I);
nth!(A B C D E F G H I J);
nth!(A B C D E F G H I J K);
nth!(A B C D E F G H I J K L);
nth!(A B C D E F G H I J K L M);
nth!(A B C D E F G H I J K L M N);
nth!(A B C D E F G H I J K L M N O);
nth!(A B C D E F G H I J K L M N O P);
nth!(A B C D E F G H I J K L M N O P Q);
nth!(A B C D E F G H I J K L M N O P Q R);
nth!(A B C D E F G H I J K L M N O P Q R S);
nth!(A B C D E F G H I J K L M N O P Q R S T);
nth!(A B C D E F G H I J K L M N O P Q R S T U);
nth!(A B C D E F G H I J K L M N O P Q R S T U V);
nth!(A B C D E F G H I J K L M N O P Q R S T U V W);
nth!(A B C D E F G H I J K L M N O P Q R S T U V W X);
