# From the Korean notebook of seed 003. Changed: the indentation that its text has lost, imports of the notebook's own set-up,
# magic commands, remarks in prose; %timeit x ** 10 is left to the benchmarks, the figure is saved.
import numpy as np
import matplotlib.pyplot as plt
import theano
import theano.tensor as T
from theano import function

x = T.dscalar('x')
y = T.dscalar('y')
type(x), type(y)
z = x + y
type(z)
u = T.exp(z)
type(u)
theano.printing.pprint(x)
theano.printing.pprint(y)
theano.printing.pprint(z)
theano.printing.pprint(u)
from IPython.display import SVG
SVG(theano.printing.pydotprint(z, return_image=True, format='svg')).data
SVG(theano.printing.pydotprint(u, return_image=True, format='svg')).data
f = theano.function(inputs=[x, y], outputs=z)
f(2, 3)
x2 = T.dvector('x2')
y2 = T.dvector('y2')
z2 = x2 + y2
f2 = function([x2, y2], z2)
f2([1, 2], [3, 4])
x3 = T.dmatrix('x3')
y3= T.dmatrix('y3')
z3 = x3 + y3
f3 = function([x3, y3], z3)
f3([[1], [2]], [[3], [4]])
s = 1 / (1 + T.exp(-x))
logistic = function([x], s)
logistic(1)
s2 = 1 / (1 + T.exp(-x2))
logistic2 = function([x2], s2)
logistic2([0, 1])
from theano import In
x, y = T.dscalars('x', 'y')
z = x + y
f = theano.function([x, In(y, value=3)], z)
f(1)
from theano.tensor.shared_randomstreams import RandomStreams
srng = RandomStreams()
rv_u = srng.uniform((1,2))
rv_n = srng.normal((1,2))
f = function([], rv_u)
g = function([], rv_n, no_default_updates=True) #Not updating rv_n.rng
f(), f(), f(), f()
g(), g(), g(), g()
state = theano.shared(0)
inc = T.iscalar('inc')
out = T.iscalar('out')
accumulator = function(inputs=[inc], outputs=out, givens={out: inc * 2}, updates={state: state + inc})
accumulator(1)
state.get_value()
accumulator(2)
state.get_value()
accumulator(5)
state.get_value()
x = T.vector('x')
y = x ** 10
f = theano.function([x], y)
SVG(theano.printing.pydotprint(f, return_image=True, format='svg')).data
x = np.ones(10000000)
f(x)
x = T.dscalar('x')
y = x ** 2
gy = T.grad(y, x)
fy = theano.function([x], y)
fgy = theano.function([x], gy)
SVG(theano.printing.pydotprint(fy.maker.fgraph.outputs[0], return_image=True, format='svg')).data
SVG(theano.printing.pydotprint(fgy.maker.fgraph.outputs[0], return_image=True, format='svg')).data
x = T.dscalar('x')
s = 1 / (1 + T.exp(-x))
logistic = theano.function([x], s)
gs = T.grad(s, x)
dlogistic = theano.function([x], gs)
SVG(theano.printing.pydotprint(logistic, return_image=True, format='svg')).data
SVG(theano.printing.pydotprint(dlogistic.maker.fgraph.outputs[0], return_image=True, format='svg')).data
xx = np.linspace(-5, 5, 100)
y1 = np.hstack([logistic(xi) for xi in xx])
y2 = np.hstack([dlogistic(xi) for xi in xx])
plt.plot(xx, y1, label="logistic")
plt.plot(xx, y2, label="derivative of logistic")
plt.legend(loc=0)
plt.savefig('logistic.png')
x = T.dvector('x')
w = theano.shared(np.zeros(2))
b = theano.shared(0.0)
z = T.dot(w, x) + b
a = 1/(1 + T.exp(-z))
f = function([x], a)
y = T.dscalar('y')
cost = T.sum((y - a)**2)
gw, gb = T.grad(cost, [w, b])
gradient = function([x, y], [gw, gb])
eta = 0.1
xi = [1, -1]
yi = 1
gradient(xi, yi)
gradient = theano.function([x, y], updates=[(w, w - eta * gw), (b, b - eta * gb)])
gradient(xi, yi)
w.get_value(), b.get_value()
